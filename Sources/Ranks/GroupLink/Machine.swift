import Foundation

/// The machine and the process that this code runs in.
package enum Machine {
    /// The machine's name, as `hostname` prints it.
    package static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }()

    package static let pid: Int32 = getpid()

    /// Names the process table: the kernel's boot and the PID namespace.
    ///
    /// A host name cannot do that: containers may share one, and one machine may have several.
    package static let identity: String = {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? hostName
        let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
        return boot.trimmingCharacters(in: .whitespacesAndNewlines) + "/" + namespace
    }()

    /// Names the build of this executable.
    package static let build = BuildIdentity.ofFile("/proc/self/exe") ?? ""
}
