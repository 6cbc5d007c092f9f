import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import RankProgram

/// `flotilla doctor`: every host is looked at before a launch.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Looks at every host before a launch, and says what would go wrong.",
        discussion: """
            Each host says over the remote shell what it has: build, checkpoint, Open MPI, memory, cores, limits, clock, \
            interfaces. Then one rank a host, under mpirun, measures the network between every two, and the sum of one hidden \
            state. Exit 0: ready; 6: a host does not answer, or MPI does not start; 3: builds, checkpoints or Open MPI \
            differ; 5: not enough memory. Of several faults the first in this order counts.
            """
    )

    @OptionGroup var model: ModelOption
    @OptionGroup var group: GroupOptions

    @OptionGroup var draft: DraftOptions
    @OptionGroup var launch: LaunchOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        try ParallelStart.check("doctor", ProcessInfo.processInfo.environment)
        let checkpoint = try Checkpoint(directory: try model.directory())
        let cacheTokens = min(8192, checkpoint.config.decoder.maxPositions)
        let options = try group.rankOptions(
            model: checkpoint.directory,
            cacheTokens: cacheTokens,
            maxSequences: 8,
            hosts: launch.hosts()
        )
        // What cannot guess for this model is refused before anybody is asked.
        let draft = try draft.model(for: checkpoint, options)
        let examination = try Examination(
            try launch.spec(options),
            checkpoint,
            options,
            draft: draft?.plan,
            version: Flotilla.configuration.version
        )
        let (diagnosis, network) = (examination.diagnosis, examination.network)
        let name = checkpoint.config.modelName
        let text =
            json
            ? try diagnosis.json(model: name, network: network)
            : diagnosis.text(model: name, network: network, layers: checkpoint.config.decoder.layers)
        StandardOutput.say(text + "\n")
        if diagnosis.exitCode != .success { throw NotReady(diagnosis: diagnosis) }
    }
}

/// A launch would fail.
private struct NotReady: OperatorError {
    let diagnosis: Diagnosis

    var description: String { diagnosis.verdict }
    var hint: String? { diagnosis.findings.first { $0.exitCode == exitCode }?.hint }
    var exitCode: Diagnostics.ExitCode { diagnosis.exitCode }
}
