internal import Foundation

extension Checkpoint {
    /// Which files of weights it has on this host, their sizes and since when they are there, by name.
    ///
    /// - Parameter inodes: tells a file from another of the same name and time as well, until the next start of the host.
    package func weightFiles(withInodes inodes: Bool) -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { $0.hasSuffix(".safetensors") }.sorted().map { name in
            var status = stat()
            guard stat("\(directory.path)/\(name)", &status) == 0 else { return name }
            let (time, place) = (status.st_mtim, inodes ? "\(status.st_dev) \(status.st_ino) " : "")
            return "\(name) \(place)\(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
        }.joined(separator: ", ")
    }
}
