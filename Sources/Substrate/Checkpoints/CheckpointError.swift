package import Diagnostics

/// A checkpoint that is missing, broken or not supported: the operator's to mend.
///
/// Every case names the file, and the tensor or field in it, what was expected and what was found.
package enum CheckpointError: OperatorError, Equatable {
    // MARK: Files
    case notADirectory(String)
    case fileMissing(file: String, directory: String)
    case unreadable(file: String, reason: String)
    case tooLarge(file: String, bytes: Int, limit: Int)
    case gitLFSPointer(file: String)
    /// `model.safetensors` and `model.safetensors.index.json` are both absent.
    case noWeights(directory: String)

    // MARK: JSON
    case notJSON(file: String, reason: String, offset: Int)
    /// `path` is dotted: `llm_config.rope_scaling`.
    case field(file: String, path: String, expected: String, found: String)
    /// A field that asks for what the runtime does not do.
    case unsupported(file: String, path: String, supported: String, found: String)

    // MARK: Weights
    /// A file of a packed checkpoint that this version cannot use.
    case packed(file: String, expected: String, found: String)
    case header(file: String, expected: String, found: String)
    case tensorRecord(file: String, tensor: String, expected: String, found: String)
    case truncated(file: String, tensor: String, expectedBytes: Int, foundBytes: Int)
    case tensorMissing(tensor: String, shape: [Int], place: String)
    case elementType(file: String, tensor: String, found: String)
    case shape(file: String, tensor: String, expected: [Int], found: [Int])
    case duplicateTensor(tensor: String, files: [String])
    /// The index names a shard for a tensor that the shard does not hold.
    case notInShard(index: String, tensor: String, shard: String)
    case shardName(index: String, tensor: String, shard: String)

    package var exitCode: ExitCode { .checkpoint }
}

extension CheckpointError {
    package var description: String {
        switch self {
        case .notADirectory(let path): "checkpoint \(path) is not a directory"
        case .fileMissing(let file, let directory): "checkpoint \(directory) has no file \(file)"
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .tooLarge(let file, let bytes, let limit): "\(file) has \(bytes) bytes, expected at most \(limit)"
        case .gitLFSPointer(let file): "\(file) is a Git LFS pointer, expected the file itself"
        case .noWeights(let directory):
            "checkpoint \(directory) has neither model.safetensors nor model.safetensors.index.json"
        case .notJSON(let file, let reason, let offset): "\(file) is not valid JSON at byte \(offset): \(reason)"
        case .field(let file, let path, let expected, let found):
            "\(file): field \(path) is \(found), expected \(expected)"
        case .unsupported(let file, let path, let supported, let found):
            "\(file): field \(path) is \(found), only \(supported) is supported"
        case .header(let file, let expected, let found), .packed(let file, let expected, let found):
            "\(file): \(found), expected \(expected)"
        case .tensorRecord(let file, let tensor, let expected, let found):
            "\(file): tensor \"\(tensor)\" has \(found), expected \(expected)"
        case .truncated(let file, let tensor, let expected, let found):
            "\(file) is cut short: tensor \"\(tensor)\" needs \(expected) bytes, the file has \(found)"
        case .tensorMissing(let tensor, let shape, let place):
            "\(place): tensor \"\(tensor)\" is missing, expected with shape \(shape)"
        case .elementType(let file, let tensor, let found):
            "\(file): tensor \"\(tensor)\" has element type \(found), expected BF16, F16 or F32"
        case .shape(let file, let tensor, let expected, let found):
            "\(file): tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .duplicateTensor(let tensor, let files):
            "tensor \"\(tensor)\" is in \(files.joined(separator: " and ")), expected in one file"
        case .notInShard(let index, let tensor, let shard):
            "\(index) places tensor \"\(tensor)\" in \(shard), which does not hold it"
        case .shardName(let index, let tensor, let shard):
            "\(index) places tensor \"\(tensor)\" in \"\(shard)\", expected the name of a file beside the index"
        }
    }

    package var hint: String? {
        switch self {
        case .notADirectory: "give the directory that holds config.json and the safetensors files"
        case .fileMissing("config.json", _): "is this a checkpoint directory? give the one that holds config.json"
        case .fileMissing, .noWeights: "is the download complete? download the checkpoint again"
        case .unreadable: "check the file's permissions and the disk or share it is on"
        case .gitLFSPointer: "run git lfs pull in the checkpoint's directory"
        case .truncated: "the download was interrupted; download the file again"
        case .unsupported:
            "this version serves SAIL-VL2 as published; this checkpoint needs something else"
        case .field, .tooLarge, .notJSON:
            "compare the file with the published one; download it again if it was not edited"
        case .header, .tensorRecord: "the file is damaged or not safetensors; download it again"
        case .packed: "write it again with this version: flotilla pack"
        case .tensorMissing, .shape, .elementType: "config.json and the weights are not of the same checkpoint"
        case .duplicateTensor, .notInShard, .shardName: "the index and the shards are not of the same checkpoint"
        }
    }
}
