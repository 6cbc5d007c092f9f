internal import Diagnostics
internal import GroupLauncher

extension Diagnosis {
    /// What is to be said of one host.
    static func findings(_ visit: HostVisit, head: HostReport) -> [Finding] {
        let name = visit.name
        switch visit.result {
        case .silent(let reason):
            let finding = Finding(
                .login,
                host: name,
                exitCode: .launchFailed,
                "\(name) does not answer: \(reason)",
                hint: "this must print its name and ask for nothing: ssh -o BatchMode=yes \(name) hostname"
            )
            return [finding]
        case .withoutProgram(let path):
            let finding = Finding(
                .program,
                host: name,
                exitCode: .launchFailed,
                "\(name) has no program \(path)",
                hint: "install the same package there; ranks start under the same path on every host"
            )
            return [finding]
        case .refused(let words):
            let finding = Finding(
                .build,
                host: name,
                exitCode: .ranksDisagree,
                "the program on \(name) cannot report: \(words)",
                hint: "it may be another build: install the same package there"
            )
            return [finding]
        case .report(let report):
            // Of its own host, mpirun starts ranks itself.
            let mpi = visit.isHere ? [] : openMPI(name, report, head)
            return agreement(name, report, head) + mpi + room(visit, report)
                + surroundings(visit, report)
        }
    }

    /// Whether it is as the host that launches.
    private static func agreement(_ name: String, _ report: HostReport, _ head: HostReport) -> [Finding] {
        var found: [Finding] = []
        func add(_ check: Finding.Check, _ text: String, _ hint: String) {
            found.append(Finding(check, host: name, exitCode: .ranksDisagree, text, hint: hint))
        }
        if report.build != head.build {
            add(
                .build,
                "\(name) has another build of flotilla (\(report.build.prefix(12))) than this host "
                    + "(\(head.build.prefix(12)))",
                "install the same package on every host"
            )
        }
        if let problem = report.checkpointProblem {
            add(
                .checkpoint,
                "\(name) cannot open the checkpoint: \(problem)",
                "the checkpoint lies under the same path on every host"
            )
        } else if report.checkpoint != head.checkpoint {
            add(
                .checkpoint,
                "\(name) has another checkpoint (\(report.checkpoint ?? "none")) than this host "
                    + "(\(head.checkpoint ?? "none"))",
                "copy the same files to every host: rsync -a --checksum"
            )
        }
        return found
    }

    private static func openMPI(_ name: String, _ report: HostReport, _ head: HostReport) -> [Finding] {
        if !report.hasMpiDaemon {
            let finding = Finding(
                .openMPI,
                host: name,
                exitCode: .launchFailed,
                "\(name) has no orted in the path of a remote shell",
                hint: "apt-get install openmpi-bin there, or add its directory to the PATH of shells that are no login"
            )
            return [finding]
        }
        guard let theirs = report.mpiVersion, let ours = head.mpiVersion, theirs != ours else { return [] }
        let finding = Finding(
            .openMPI,
            host: name,
            exitCode: .ranksDisagree,
            "\(name) has Open MPI \(theirs), this host has \(ours)",
            hint: "daemons and ranks of one run must be of one version"
        )
        return [finding]
    }

    /// Whether it has the memory for them, and for those of a draft model.
    private static func memory(_ visit: HostVisit, _ report: HostReport) -> [Finding] {
        let needed = visit.neededBytes + visit.draftBytes
        guard let available = report.availableBytes, needed > available else { return [] }
        let ranks = HostFigures.ranks(visit.ranks)
        let beside = visit.draftBytes > 0 ? " and the draft model's" : ""
        let verb = visit.ranks.count == 1 && beside.isEmpty ? "needs" : "need"
        // Without a draft model it might do.
        let isOfDraft = visit.neededBytes <= available
        let finding = Finding(
            .memory,
            host: visit.name,
            exitCode: .outOfMemory,
            "\(ranks)\(beside) on \(visit.name) \(verb) \(GroupPlanTable.size(needed)), and it has "
                + "\(GroupPlanTable.size(available)) to give",
            hint: isOfDraft
                ? "--draft-format q4, a smaller --context, or --speculate lookup, which needs none of it"
                : "a smaller --context, a smaller --format such as q8, or more hosts need less of each"
        )
        return [finding]
    }

    /// Whether the ranks that it is to run have room.
    private static func room(_ visit: HostVisit, _ report: HostReport) -> [Finding] {
        var found: [Finding] = []
        let name = visit.name
        found += memory(visit, report)
        if let threads = visit.threads, threads > report.cores {
            found.append(
                Finding(
                    .cores,
                    host: name,
                    "\(threads) threads of decoder ranks share \(report.cores) cores of \(name)",
                    hint: "each step waits for threads that do not run: fewer --threads, or fewer ranks there"
                )
            )
        }
        let messages = MessageMemory.bytes(ranks: visit.ranks.count)
        if let free = report.sharedMemoryBytes, visit.ranks.count > 1, free < messages {
            found.append(
                Finding(
                    .sharedMemory,
                    host: name,
                    "\(MessageMemory.directory) of \(name) has \(GroupPlanTable.size(free)) free, and Open MPI "
                        + "wants \(GroupPlanTable.size(messages)) for \(visit.ranks.count) ranks",
                    hint: "give it more room: mount -o remount,size=256m \(MessageMemory.directory)"
                )
            )
        }
        if let limit = report.lockableBytes, visit.lockedBytes > limit {
            found.append(
                Finding(
                    .limits,
                    host: name,
                    "a process on \(name) may lock \(GroupPlanTable.size(limit)), and --weights lock wants "
                        + "\(GroupPlanTable.size(visit.lockedBytes)) of the largest rank",
                    hint: "raise memlock in /etc/security/limits.conf there, and log in again"
                )
            )
        }
        return found
    }

    /// Files that a rank has open: libraries, the checkpoint's parts, and connections.
    static let openFilesWanted = 512
    private static func surroundings(_ visit: HostVisit, _ report: HostReport) -> [Finding] {
        var found: [Finding] = []
        let name = visit.name
        func add(_ check: Finding.Check, _ text: String, _ hint: String, exitCode: ExitCode? = nil) {
            found.append(Finding(check, host: name, exitCode: exitCode, text, hint: hint))
        }
        if let files = report.openFiles, files < openFilesWanted {
            add(.limits, "a process on \(name) may open \(files) files", "ulimit -n \(openFilesWanted) or more")
        }
        // No more than that is certain of an answer that took so long.
        let least = max(visit.clockOffset.lowerBound, -visit.clockOffset.upperBound)
        if least > clockTolerance {
            found.append(clock(of: name, visit.clockOffset.lowerBound > 0 ? least : -least, than: "this host"))
        }
        if !report.unreachable.isEmpty {
            add(
                .interfaces,
                "\(name) knows no way to \(report.unreachable.joined(separator: ", "))",
                "every host must reach every other: look at its addresses and routes (ip route)",
                exitCode: .launchFailed
            )
        } else if report.isSplit {
            add(
                .interfaces,
                "\(name) reaches the others over several interfaces, and ranks there speak over "
                    + "\(report.interface ?? "one") alone",
                "hosts behind another interface need a route to its address"
            )
        }
        return found
    }
}
