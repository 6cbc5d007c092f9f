import Requests
import Testing

@testable import ServingCore

@Suite("The serving core")
struct ServingCoreTests {
    @Test("twelve questions about one damaged picture all end, and a healthy one is answered")
    func damagedPicture() throws {
        var bench = try CoreBench { $0.sequences = 2 }
        bench.ready()
        for ticket in 1...12 { bench.ask(ticket, pictures: ["damaged"]) }
        bench.ask(13)
        let failure = RankFailure(.badImage, image: 0, message: "the picture is damaged")
        bench.report(.failed(failure))
        // Every vision rank says so, and the others' words come late.
        bench.report(.failed(failure))
        for ticket in 1...12 { #expect(bench.ends(of: ticket) == ["BAD_IMAGE"]) }
        bench.tokens([400, 902], of: 13)
        bench.report(.finished(id: "j13", JobSummary(.stop)))
        #expect(bench.ends(of: 13) == ["stop"])
        #expect(bench.core.inFlight == 0 && bench.core.slots[0].visualTokens.byteCount == 0)
        let encoded = bench.actions.count { if case .encode = $0 { true } else { false } }
        #expect(encoded == 1, "what cannot be read is not tried again")
    }

    @Test("answers that share a prompt wait until the first has read it, or never will")
    func sharedPrompt() throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1)
        for ticket in 2...3 { bench.ask(ticket, sharing: 1) }
        #expect(bench.submitted == ["j1"], "accepted, and not yet handed on")
        bench.feed(.abandoned(2))
        bench.tokens([400], of: 1)
        #expect(bench.submitted == ["j1", "j3"])
        bench.ask(4, sharing: 1)
        #expect(bench.submitted == ["j1", "j3", "j4"], "what has been read need not be waited for")
        bench.ask(5)
        bench.ask(6, sharing: 5)
        bench.feed(.cancelled(5))
        #expect(bench.submitted.suffix(2) == ["j5", "j6"])
        bench.feed(.abandoned(6))
        #expect(bench.core.followers.isEmpty)
    }

    @Test("what a rank alone could not do is tried again with the next request")
    func vision() throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1, pictures: ["a"])
        bench.report(.failed(RankFailure(.internal, image: 0, message: "no memory")))
        #expect(bench.ends(of: 1) == ["INTERNAL"])
        bench.ask(2, pictures: ["a"])
        #expect(bench.submitted == ["j1", "j2"])
        #expect(bench.ends(of: 2) == [])
    }

    @Test("only the request under which ranks die alone is given up")
    func guilty() throws {
        var bench = try CoreBench()
        bench.ready()
        for ticket in 1...3 { bench.ask(ticket, owner: ticket) }
        // Request 2 kills the ranks before anybody has a token.
        bench.lose()
        bench.lose()
        // All three are under suspicion now, and go on one at a time.
        #expect(bench.core.slots[0].tickets.count == 1)
        var losses = 2
        while bench.ends(of: 2).isEmpty, losses < 10 {
            let alone = try #require(bench.core.slots[0].tickets.first)
            if alone == 2 {
                bench.lose()
                losses += 1
            } else {
                bench.tokens([400], of: alone)
            }
            // Whoever had a token has company again, but for the suspects.
            let tickets = bench.core.slots[0].tickets
            if tickets.count > 1 { #expect(!tickets.contains(2)) }
            for ticket in tickets where ticket != 2 { bench.tokens([400, 902], of: ticket) }
            for ticket in tickets where ticket != 2 {
                bench.report(.finished(id: "j\(ticket)", JobSummary(.stop)))
            }
        }
        #expect(bench.ends(of: 2) == ["RANK_LOST"])
        #expect(bench.ends(of: 1) == ["stop"] && bench.ends(of: 3) == ["stop"])
        #expect(losses == 6)
    }

    @Test("a prompt that was read further, or less far, is no sign of guilt")
    func longPrompt() throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1)
        for life in 1...6 {
            var step = StepReport()
            step.prefill = [.init(id: "j1", done: 1 + (life * 7) % 19, total: 20)]
            bench.report(.step(step))
            bench.feed(.group(slot: 0, generation: bench.generation, .ended(CoreBench.Died())))
            #expect(bench.core.requests[1]?.suspicion.isSuspected == false)
            bench.feed(.tick, after: .seconds(31))
            bench.feed(.surveyed(slot: 0, .init()))
            bench.ready()
        }
        #expect(bench.ends(of: 1) == [])
    }

    @Test("a group that has work and says nothing is ended, and the answer goes on")
    func watchdog() throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1)
        bench.tokens([400], of: 1)
        bench.feed(.tick, after: .seconds(299))
        #expect(!bench.core.slots[0].isHung)
        bench.feed(.tick, after: .seconds(2))
        #expect(bench.core.slots[0].isHung)
        bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
        bench.feed(.tick, after: .seconds(2))
        bench.feed(.surveyed(slot: 0, .init()))
        bench.ready()
        #expect(bench.submitted == ["j1", "j1"])
        bench.tokens([401, 902], of: 1)
        bench.report(.finished(id: "j1", JobSummary(.stop)))
        #expect(bench.ends(of: 1) == ["stop"])
    }

    @Test("work that the leader does not know of is noticed sooner")
    func forgottenJob() throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1)
        bench.feed(.tick, after: .seconds(31))
        #expect(bench.core.slots[0].isHung)
    }

    @Test(
        "what the leader cannot do is told by its kind, and counted",
        arguments: [
            (RankFailure.Kind.tooLong, "TOO_LONG"), (.badRequest, "BAD_ARG"), (.notNumbers, "INTERNAL"),
            (.internal, "INTERNAL"),
        ]
    )
    func refusals(kind: RankFailure.Kind, code: String) throws {
        var bench = try CoreBench()
        bench.ready()
        bench.ask(1)
        bench.report(.failed(RankFailure(kind, id: "j1", message: "no")))
        #expect(bench.ends(of: 1) == [code])
        #expect(bench.core.statistics.errors == [code: 1])
    }

    @Test("deadlines, cancels and leaving, before and after work has begun")
    func ends() throws {
        var bench = try CoreBench {
            $0.sequences = 1
            $0.ahead = 0
        }
        bench.ready()
        bench.ask(1) { $0.deadlineMilliseconds = 500 }
        bench.ask(2) { $0.deadlineMilliseconds = 500 }
        #expect(bench.core.nextWake() != nil)
        bench.feed(.asked(3, owner: 1))
        bench.feed(.cancelled(3))
        bench.feed(.asked(4, owner: 1))
        bench.feed(.abandoned(4))
        bench.feed(.tick, after: .seconds(1))
        #expect(bench.ends(of: 1) == ["deadline"])
        #expect(bench.ends(of: 2) == ["DEADLINE"] || bench.ends(of: 2) == ["deadline"])
        bench.feed(.unprepared(3, RequestError(.badArgument, "no good")))
        bench.feed(.unprepared(4, RequestError(.badArgument, "no good")))
        #expect(bench.ends(of: 3) == ["BAD_ARG"] && bench.ends(of: 4) == [])
        #expect(bench.core.inFlight == 0 && bench.core.nextWake() == nil)
    }

    @Test("loading, full and draining turn requests away at once, and a drained core ends")
    func doors() throws {
        var bench = try CoreBench { $0.inFlight = 1 }
        bench.feed(.asked(1, owner: 1))
        #expect(bench.ends(of: 1) == ["LOADING"])
        bench.ready()
        bench.ask(2)
        bench.feed(.asked(3, owner: 1))
        #expect(bench.ends(of: 3) == ["BUSY"])
        bench.feed(.drain(within: .seconds(5)))
        bench.feed(.asked(4, owner: 1))
        #expect(bench.ends(of: 4) == ["DRAINING"])
        bench.tokens([400], of: 2)
        bench.feed(.tick, after: .seconds(6))
        #expect(bench.ends(of: 2) == ["deadline"])
        bench.feed(.group(slot: 0, generation: bench.generation, .ended(nil)))
        #expect(bench.actions.contains { if case .ended(.done) = $0 { true } else { false } })
    }

    @Test("a short question is handed on though long prompts fill the group")
    func shortBesideLong() throws {
        var bench = try CoreBench {
            $0.sequences = 1
            $0.ahead = 0
            $0.shortPrompt = 20
        }
        bench.ready()
        bench.ask(1, pictures: ["a"])
        bench.ask(2, pictures: ["b"])
        bench.ask(3, owner: 1)
        bench.ask(4, owner: 1)
        #expect(bench.submitted == ["j1", "j3"], "one more than there are sequences, and no more")
    }

    @Test("running and waiting are told once, whoever asks")
    func figures() throws {
        var bench = try CoreBench {
            $0.sequences = 1
            $0.ahead = 0
        }
        bench.ready()
        for ticket in 1...3 { bench.ask(ticket) }
        bench.feed(.asked(4, owner: 9))
        let snapshot = bench.core.snapshot(now: bench.now)
        #expect(snapshot.running == 1 && snapshot.waiting == 3)
    }
}
