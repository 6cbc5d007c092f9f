import CProcess
import Foundation
import GroupLink
import Synchronization

/// A running `mpirun`: reads what it prints, so that it never blocks, and tells when it ends.
final class MpirunProcess: Sendable {
    private let child: SpawnThread.Child
    private let scratch: GroupScratch?
    private let isOfOneHost: Bool
    /// What the operator should know about how it was started.
    let warning: String?
    private let lines = Mutex<[String]>([])
    private let ended = Mutex<Bool>(false)
    private static let linesKept = 400

    /// Starts `mpirun` with a thread that reads and waits for it.
    ///
    /// - Parameter onLine: called on that thread for each line; must not wait.
    /// - Parameter onEnd: called on that thread once, after the last line.
    /// - Throws: ``LaunchError``, or what ``Placement`` throws.
    static func start(
        _ spec: GroupSpec,
        addresses: [LinkAddress],
        secret: LinkSecret,
        onLine: @escaping @Sendable (String) -> Void,
        onEnd: @escaping @Sendable (ProcessEnd) -> Void
    ) throws -> MpirunProcess {
        guard let mpirun = ProgramSearch.find("mpirun", in: spec.environment) else {
            throw LaunchError("mpirun is not in PATH", hint: "install Open MPI: apt-get install openmpi-bin")
        }
        guard ProgramSearch.find(spec.executable, in: spec.environment) != nil else {
            throw LaunchError("the ranks' program \(spec.executable) cannot be executed")
        }
        var spec = spec
        let isOfOneHost = MpirunCommand.isOfOneHost(spec)
        let temporary = GroupScratch.temporaryDirectory(spec.environment)
        var memory = MessageMemory.Choice()
        if isOfOneHost {
            memory = MessageMemory.choose(ranks: spec.worldSize, parents: [MessageMemory.directory, temporary])
        }
        let placement = try place(&spec)
        if spec.hosts != nil { memory.parent = temporary }
        let scratch = memory.parent.flatMap { GroupScratch(parent: $0) }
        let layout = try PlacementFiles.write(placement, &spec, to: scratch, in: temporary)
        let arguments = MpirunCommand.mpirunArguments(
            for: spec,
            scratch: isOfOneHost ? scratch?.path : nil,
            sharesMemory: memory.isShared,
            layout: layout
        )
        let environment = MpirunCommand.environment(for: spec, addresses: addresses, secret: secret)
        switch SpawnThread.shared.spawn(mpirun, arguments, environment) {
        case .failure(let failure):
            scratch?.remove()
            throw LaunchError("\(mpirun) could not be started: \(String(cString: strerror(failure.code)))")
        case .success(let child):
            let process = MpirunProcess(child, scratch, isOfOneHost: isOfOneHost, warning: memory.warning)
            let thread = Thread { process.watch(onLine: onLine, onEnd: onEnd) }
            thread.name = "mpirun"
            thread.start()
            return process
        }
    }

    /// Where the ranks run; `nil` leaves it to mpirun.
    private static func place(_ spec: inout GroupSpec) throws -> Placement? {
        let isChosen = spec.hosts != nil
        spec.hosts = try spec.namedHosts()
        let placement = try Placement.of(spec)
        // Slurm's own list is left to mpirun where the operator places ranks, unless a host is to be left out.
        if placement == nil, spec.isOfBatchSystem, !isChosen { spec.hosts = nil }
        return placement
    }

    private init(_ child: SpawnThread.Child, _ scratch: GroupScratch?, isOfOneHost: Bool, warning: String?) {
        self.child = child
        self.scratch = scratch
        self.isOfOneHost = isOfOneHost
        self.warning = warning
    }

    /// Removes what is left of it in memory and on disk, once no rank of this machine runs any more.
    func clean() {
        scratch?.remove()
        // Ranks have directories of their own then, and those that were killed have left them.
        if !isOfOneHost { GroupScratch.removeStale(in: MessageMemory.directory) }
    }

    var pid: pid_t { child.pid }

    /// The last lines that it printed, oldest first.
    var lastLines: [String] { lines.withLock { $0 } }

    /// Signals `mpirun` and what else is in its process group; ranks are in groups of their own.
    func signal(_ number: Int32) {
        ended.withLock { ended in
            // Once it is reaped, its number may mean somebody else.
            if !ended { kill(-child.pid, number) }
        }
    }

    private func watch(onLine: (String) -> Void, onEnd: (ProcessEnd) -> Void) {
        defer { close(child.output) }
        _ = fcntl(child.output, F_SETFL, fcntl(child.output, F_GETFL) | O_NONBLOCK)
        let descriptor = cprocess_open_pid(child.pid)
        defer { if descriptor >= 0 { close(descriptor) } }
        var splitter = LineSplitter()
        // The pipe's end says nothing: a child of mpirun may hold it open, or mpirun close it early.
        var open = true
        // A network is of no use to a group of one host, and mpirun opens it some moments after its start.
        var confineUntil = isOfOneHost ? MonotonicClock.now + .seconds(10) : .zero
        while !cprocess_has_ended(child.pid) {
            var entries = [
                pollfd(fd: open ? child.output : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            ]
            // A kernel without descriptors for processes is asked ten times a second.
            let isOpening = MonotonicClock.now < confineUntil
            poll(&entries, 2, isOpening ? 5 : descriptor >= 0 ? -1 : 100)
            if entries[0].revents != 0 { open = read(&splitter, onLine) }
            guard isOpening else { continue }
            // It opens one for each family, one after the other.
            let confined = cprocess_confine_listeners(child.pid)
            if confined > 0 { confineUntil = min(confineUntil, MonotonicClock.now + .milliseconds(200)) }
            if confined < 0 { confineUntil = .zero }
        }
        if open { _ = read(&splitter, onLine) }
        if let rest = splitter.flush() { keep(rest, onLine) }
        signal(SIGKILL)
        let status = ended.withLock { ended in
            ended = true
            return cprocess_wait(child.pid, true)
        }
        onEnd(status.signalled ? .signalled(status.code) : .exited(status.code))
    }

    /// Reads what is there; `false` at the end of the pipe.
    private func read(_ splitter: inout LineSplitter, _ onLine: (String) -> Void) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Glibc.read(child.output, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 && errno == EAGAIN }
            for line in splitter.feed(bytes.prefix(count)) { keep(line, onLine) }
        }
    }

    private func keep(_ line: String, _ onLine: (String) -> Void) {
        lines.withLock { lines in
            lines.append(line)
            if lines.count > Self.linesKept { lines.removeFirst(lines.count - Self.linesKept) }
        }
        onLine(line)
    }
}
