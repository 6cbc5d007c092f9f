package import Foundation
internal import JSON

extension ModelConfig {
    /// No configuration file is near this size; the published one has 5 kB.
    static let largestFile = 16 << 20

    /// Reads and checks `config.json` and `preprocessor_config.json` of a checkpoint.
    ///
    /// Fields that are not known are ignored. A field that is known and asks for what the runtime does not do is an
    /// error that names the field, so that no model is served wrongly.
    package init(directory: URL) throws(CheckpointError) {
        let config = try MappedFile(directory.appendingPathComponent("config.json"))
        let preprocessor = try MappedFile(directory.appendingPathComponent("preprocessor_config.json"))
        try self.init(config: config, preprocessor: preprocessor, modelName: Self.modelName(of: directory))
    }

    init(config: MappedFile, preprocessor: MappedFile, modelName: String) throws(CheckpointError) {
        try self.init(
            config: ConfigFields(file: config.name, fields: config.jsonObject(limit: Self.largestFile)),
            preprocessor: ConfigFields(
                file: preprocessor.name,
                fields: preprocessor.jsonObject(limit: Self.largestFile)
            ),
            modelName: modelName
        )
    }

    init(config: ConfigFields, preprocessor: ConfigFields, modelName: String) throws(CheckpointError) {
        try config.refuseUnsupportedModel()
        let decoder = try Decoder(config.section("llm_config"))
        let vision = try Vision(config.section("vision_config"))
        let images = try Images(preprocessor, config: config, vision: vision)
        self.init(
            decoder: decoder,
            vision: vision,
            images: images,
            featureLayer: try config.featureLayer(blocks: vision.layers),
            mergeSide: try config.mergeSide(patchGrid: images.tileSide / vision.patchSize),
            pixelShuffle: try config.pixelShuffle(),
            modelName: modelName
        )
    }

    static func modelName(of directory: URL) -> String {
        directory.resolvingSymlinksInPath().standardizedFileURL.lastPathComponent
    }
}

extension ConfigFields {
    /// The fields of the whole model that have one supported value.
    fileprivate func refuseUnsupportedModel() throws(CheckpointError) {
        try requireListed("architectures", "SAILVLModel")
        try requireIfPresent("model_type", .string("sailvl"))
        try requireIfPresent("template", .string("univl-chat"))
        try requireIfPresent("pad2square", .bool(false))
        // The tiler cuts every image into a grid, and adds the thumbnail to every grid of more than one tile.
        try requireIfPresent("dynamic_image_size", .bool(true))
        try requireIfPresent("use_thumbnail", .bool(true))
        try requireIfPresent("min_dynamic_patch", .integer(1))
        try requireIfPresent("use_backbone_lora", .integer(0))
        try requireIfPresent("use_llm_lora", .integer(0))
        try requireNull("quantization_config")
    }

    /// `select_layer`, which counts blocks as Python indexes a list.
    fileprivate func featureLayer(blocks: Int) throws(CheckpointError) -> ModelConfig.FeatureLayer {
        let index = try integer("select_layer", in: -blocks...blocks - 1)
        return if index == -1 { .lastNormed } else { .block(index < 0 ? blocks + index : index) }
    }

    fileprivate func mergeSide(patchGrid: Int) throws(CheckpointError) -> Int {
        let ratio = try positive("downsample_ratio", atMost: 1)
        let side = (1 / ratio).rounded()
        guard side <= Double(patchGrid), abs(1 / ratio - side) < 1e-9 else {
            throw wrong("downsample_ratio", expected: "1 divided by an integer up to \(patchGrid)")
        }
        guard patchGrid.isMultiple(of: Int(side)) else {
            throw wrong(
                "downsample_ratio",
                expected: "1 divided by a divisor of \(patchGrid), the patches along a tile"
            )
        }
        return Int(side)
    }

    fileprivate func pixelShuffle() throws(CheckpointError) -> ModelConfig.PixelShuffle {
        guard let version = fields["ps_version"]?.string.flatMap(ModelConfig.PixelShuffle.init(rawValue:)) else {
            throw unsupported("ps_version", supported: "\"v1\" or \"v2\"")
        }
        return version
    }
}
