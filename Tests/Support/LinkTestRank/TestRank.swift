import COpenMPI
import Diagnostics
import Foundation
import GroupLink
import Requests

/// What one rank of a test does.
struct TestRank {
    let options: Set<String>

    func run() throws {
        let environment = try RankEnvironment(ProcessInfo.processInfo.environment)
        if let code = code("exit", environment.rank) {
            // However busy the machine is.
            StandardError.sayLast("the test rank gives up\n", isPassedOn: true, patience: .seconds(600))
            exit(code)
        }
        if options.contains("deaf") { while true { sleep(60) } }
        let hello = RankHello(
            rank: environment.rank,
            worldSize: environment.worldSize,
            role: environment.rank == environment.worldSize - 1 ? .vision : .decoder,
            build: code("build", environment.rank).map { "build \($0)" } ?? "build 0"
        )
        let link = try RankLink.connect(to: environment.addresses, secret: environment.secret, hello: hello)
        if options.contains("mpi") { MPI_Init(nil, nil) }
        if let code = code("fail", environment.rank) {
            link.send(
                .failed(RankFailure(.ofRank, exitCode: code, message: "the checkpoint is broken", hint: "mend it"))
            )
            link.close()
            exit(code)
        }
        switch code("stall", environment.rank) {
        case 1: link.send(.stage(.initialising))
        case 2: link.send(.met([]))
        case 3: link.send(.progress(stage: "load", done: 1, total: 3))
        default: become(ready: link)
        }
        while obey(link) { link.tick() }
        if options.contains("mpi") { MPI_Finalize() }
        link.close()
    }

    private func become(ready link: RankLink) {
        link.send(.progress(stage: "load", done: 1, total: 1))
        link.send(.ready(RankStats()))
    }

    /// `false` once the rank is told to finish.
    private func obey(_ link: RankLink) -> Bool {
        guard let command = link.wait(upTo: .milliseconds(100)) else { return true }
        switch command.message {
        case .generate(let job):
            var report = StepReport()
            report.tokens = [StepReport.Tokens(id: job.id, ids: job.promptIds.reversed())]
            link.send(.step(report))
            link.send(.finished(id: job.id, JobSummary(.stop)))
        case .encode(let job):
            let shape = [command.attachment.count]
            link.send(
                .trace(TraceTensor(id: String(job.number), name: "echo", shape: shape)),
                attachment: command.attachment
            )
        case .shutdown: return options.contains("ignore-shutdown")
        case .formed, .confirm, .drafts, .cancel, .forget, .ping, .welcome, .refused: break
        }
        return true
    }

    /// The code of `name=RANK:CODE`, if that is this rank.
    private func code(_ name: String, _ rank: Int) -> Int32? {
        options.lazy.compactMap { option in
            option.hasPrefix("\(name)=\(rank):") ? option.split(separator: ":").last.flatMap { Int32($0) } : nil
        }.first
    }
}
