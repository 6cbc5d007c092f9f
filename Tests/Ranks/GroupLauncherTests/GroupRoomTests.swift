import Testing

@testable import GroupLauncher

@Suite("What is left of a group on fewer hosts")
struct GroupRoomTests {
    @Test("both kinds of ranks become fewer alike, and one of each stays")
    func fewer() {
        func room(_ slots: Int?, _ decoder: Int, _ vision: Int) -> [Int?] {
            let room = GroupRoom(slots: slots, decoderRanks: decoder, visionRanks: vision)
            return [room.decoderRanks, room.visionRanks]
        }
        #expect(room(nil, 4, 1) == [nil, nil] && room(5, 4, 1) == [nil, nil])
        #expect(room(4, 4, 1) == [3, 1] && room(2, 4, 1) == [1, 1] && room(1, 4, 1) == [0, 1])
        #expect(room(6, 4, 4) == [3, 3] && room(2, 3, 0) == [2, 0] && room(0, 1, 1) == [0, 1])
    }

    @Test("a wish for more ranks than slots is no wish to have them all on the hosts that are left")
    func oversubscribed() throws {
        var spec = GroupSpec(decoderRanks: 3, visionRanks: 1, executable: "/x", rankArguments: [])
        (spec.environment, spec.extraMpirunArguments) = ([:], ["--oversubscribe"])
        for (slots, ranks) in [(2, [1, 1]), (1, [1, 1]), (4, [3, 1])] {
            spec.hosts = try Hostfile("a slots=\(slots)\nb slots=\(slots)\n")
            let room = GroupRoom(spec, on: try Hostfile("a slots=\(slots)\n"))
            #expect([room.decoderRanks ?? 3, room.visionRanks ?? 1] == ranks, "\(slots) slots")
        }
    }

    @Test("hosts count that get a rank")
    func used() throws {
        var spec = GroupSpec(decoderRanks: 2, visionRanks: 1, executable: "/x", rankArguments: [])
        spec.environment = [:]
        #expect(GroupRoom(spec, on: try Hostfile("a slots=1\nb slots=1\nc slots=1\nd slots=1\n")).hosts == 3)
        let fewer = GroupRoom(spec, on: try Hostfile("a slots=1\nb slots=1\n"))
        #expect(fewer.hosts == 2 && fewer.decoderRanks == 1 && fewer.visionRanks == 1)
        #expect(
            GroupRoom(spec, on: try Hostfile("a slots=4\nb slots=4\n"))
                == .init(spec, on: try Hostfile("b slots=4\na slots=4\n"))
        )
        #expect(GroupRoom(spec, on: Hostfile(hosts: [])).decoderRanks == 0)
    }
}
