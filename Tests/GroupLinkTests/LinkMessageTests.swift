import Foundation
import Testing

@testable import GroupLink

struct LinkMessageTests {
    @Test func everyCommandSurvivesTheWire() throws {
        var sampling = GenerateJob.Sampling()
        sampling.temperature = 0.1
        sampling.seed = .max
        sampling.thinkBudget = 3
        let image = GenerateJob.Image(imageId: "i", tiles: 2, start: 1, count: 512)
        let job = GenerateJob(id: "r1", promptIds: [1, -1, .max], images: [image], sampling: sampling, trace: true)
        let commands: [LinkCommand] = [
            .welcome(version: "1"), .refused(reason: "é\n\"✓"), .generate(job), .encode(ImageJob(id: "i", jobId: "r1")),
            .cancel(id: "r1"), .shutdown, .ping(number: .max),
        ]
        for command in commands {
            let frame = MessageCoding.frame(command, attachment: Data([1, 2]))
            let back = try MessageCoding.decode(LinkCommand.self, from: frame)
            #expect(back.message == command)
            #expect(back.attachment == Data([1, 2]))
        }
    }

    @Test func everyReportSurvivesTheWire() throws {
        var summary = JobSummary(finish: "stop")
        summary.decodeMilliseconds = .infinity
        let reports: [LinkReport] = [
            .hello(RankHello(rank: 1, worldSize: 2, role: .vision)),
            .progress(id: nil, stage: "load", done: 1, total: 2),
            .ready(RankStats()), .tokens(id: "r1", ids: [5, 6]), .finished(id: "r1", summary),
            .failed(RankFailure(exitCode: 4, message: "no", hint: nil)), .log("line"), .pong(number: 1, ticks: 2),
            .trace(TraceTensor(id: "r1", name: "logits", shape: [1, 2])), .goodbye,
        ]
        for report in reports {
            let frame = MessageCoding.frame(report, attachment: Data())
            #expect(try MessageCoding.decode(LinkReport.self, from: frame).message == report)
        }
    }

    @Test func whatIsNoMessageIsAnErrorAndNoCrash() {
        for text in ["", "{", "{\"generate\":{}}", "[1]", "{\"dance\":{}}"] {
            #expect(throws: LinkError.self) {
                try MessageCoding.decode(LinkCommand.self, from: Frame(json: Data(text.utf8)))
            }
        }
    }
}
