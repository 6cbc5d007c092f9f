import Foundation
import Requests
import Testing

@testable import GroupLink

struct LinkMessageTests {
    @Test func everyCommandSurvivesTheWire() throws {
        var sampling = Sampling()
        sampling.temperature = 0.1
        sampling.seed = .max
        let image = GenerateJob.Image(number: 7, contentKey: "ab:10", tiles: 2, start: 1, count: 512)
        var job = GenerateJob(id: "r1", promptIds: [1, -1, .max], images: [image], sampling: sampling, trace: true)
        job.thinking = GenerateJob.Thinking(startId: 1, endId: 2, budget: 3)
        job.answerIds = [9]
        let commands: [LinkCommand] = [
            .welcome(version: "1"), .refused(reason: "é\n\"✓"), .generate(job),
            .encode(ImageJob(number: 7, cut: PictureCut(maxTiles: 3, tiling: .msac, rgbFirst: true, orient: true))),
            .cancel(id: "r1"), .forget(images: [1, 2]), .shutdown, .ping(number: .max),
            .formed(addresses: ["10.0.0.1", nil, "fd00::1"]),
        ]
        for command in commands {
            let frame = MessageCoding.frame(command, attachment: Data([1, 2]))
            let back = try MessageCoding.decode(LinkCommand.self, from: frame)
            #expect(back.message == command)
            #expect(back.attachment == Data([1, 2]))
        }
    }

    @Test func everyReportSurvivesTheWire() throws {
        var summary = JobSummary(.stop)
        summary.decodeMilliseconds = .infinity
        var step = StepReport()
        step.tokens = [StepReport.Tokens(id: "r1", ids: [5, 6])]
        step.tokens[0].logprobs = [TokenLogprobs(id: 5, logprob: -0.5, top: [.init(id: 5, logprob: -0.5)])]
        step.keptPages = [PageKey(after: nil, tokens: [1, 2][...], from: 0, images: [])]
        let reports: [LinkReport] = [
            .hello(RankHello(rank: 1, worldSize: 2, role: .vision)),
            .stage(.meeting), .met([0, 2]), .progress(stage: "load", done: 1, total: 2),
            .ready(RankStats()), .step(step), .imagesWanted([3]), .activity(RankActivity()),
            .finished(id: "r1", summary),
            .failed(RankFailure(.ofRank, exitCode: 4, message: "no", hint: nil)), .log("line"),
            .pong(number: 1, ticks: 2),
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
