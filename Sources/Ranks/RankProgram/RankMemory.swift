internal import Foundation
internal import GroupLauncher
internal import GroupLink

/// The directory for what Open MPI's ranks of one host share, where nobody has chosen one: over several hosts.
///
/// Open MPI leaves files of 4 MiB and more in `/dev/shm` when its daemon on a host is killed with the ranks. Here they are in a
/// directory that has the rank's process in its name: it removes them itself, or else the next rank on that host does.
enum RankMemory {
    private static let parameter = "btl_vader_backing_directory"

    /// Tells Open MPI, which reads it in `MPI_Init`.
    ///
    /// - Returns: what is to be removed behind `MPI_Finalize`; `nil` where somebody has chosen, or nothing can be written.
    static func choose(_ variables: [String: String]) -> GroupScratch? {
        let name = "OMPI_MCA_\(parameter)"
        let isGiven = InterfaceChoice.parameterFiles(variables).contains { file in
            (try? String(contentsOfFile: file, encoding: .utf8))?.contains(parameter) ?? false
        }
        guard variables[name] == nil, !isGiven, let scratch = GroupScratch(parent: MessageMemory.directory) else {
            return nil
        }
        setenv(name, scratch.path, 0)
        return scratch
    }
}
