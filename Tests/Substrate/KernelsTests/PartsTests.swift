import CKernels
import TestSupport
import Testing

@testable import Kernels

@Suite("Parts of the threads")
struct PartsTests {
    /// Who takes which piece, when they come in the order of `turns`.
    private static func pieces(
        count: Int,
        grain: Int,
        most: Int,
        threads: Int,
        turns: (Int) -> Int
    ) throws -> [(thread: Int, piece: Range<Int>)] {
        let parts = try #require(ck_parts_create(threads))
        defer { ck_parts_destroy(parts) }
        var found: [(Int, Range<Int>)] = []
        // A second deal finds nothing of the first.
        for _ in 0..<2 {
            ck_parts_deal(parts, count, grain, most)
            found = []
            var (turn, begin, end) = (0, 0, 0)
            while ck_parts_take(parts, turns(turn) % threads, &begin, &end) {
                found.append((turns(turn) % threads, begin..<end))
                turn += 1
            }
        }
        return found
    }

    @Test("every unit is in one piece, by whatever turns they are taken")
    func cover() throws {
        var random = SeededRandom(seed: 16)
        for _ in 0..<2000 {
            let (threads, grain) = (Int.random(in: 1...9, using: &random), Int.random(in: 1...5, using: &random))
            let count = Int.random(in: 0...200, using: &random)
            let most = Int.random(in: grain...(grain + 40), using: &random)
            let turns = (0..<400).map { _ in Int.random(in: 0..<threads, using: &random) }
            let found = try Self.pieces(count: count, grain: grain, most: most, threads: threads) { turns[$0 % 400] }
            let pieces = found.map(\.piece).sorted { $0.lowerBound < $1.lowerBound }
            #expect(pieces.flatMap { Array($0) } == Array(0..<count))
            #expect(pieces.allSatisfy { !$0.isEmpty && $0.lowerBound % grain == 0 && $0.count <= most })
        }
    }

    @Test("a thread goes through its own part from where it begins, and the pieces become short")
    func order() throws {
        for threads in 1...6 {
            for (count, grain) in [(128, 4), (256, 1), (97, 1), (30, 4)] {
                let begins = (0...threads).map { ck_parts_begin(count, grain, threads, $0) }
                #expect(begins.first == 0 && begins.last == count)
                #expect(zip(begins, begins.dropFirst()).allSatisfy { $0 <= $1 })
                for thread in 0..<threads {
                    let found = try Self.pieces(count: count, grain: grain, most: 1000, threads: threads) { _ in thread
                    }
                    let own = found.map(\.piece).prefix { begins[thread]..<begins[thread + 1] ~= $0.lowerBound }
                    #expect(own.first?.lowerBound == begins[thread] || begins[thread] == begins[thread + 1])
                    #expect(own.flatMap { Array($0) } == Array(begins[thread]..<begins[thread + 1]))
                    #expect(zip(own, own.dropFirst()).allSatisfy { $0.count >= $1.count })
                    let half = (begins[thread + 1] - begins[thread] + grain - 1) / grain / 2
                    #expect(own.allSatisfy { $0.count <= grain * max(1, half) })
                }
            }
        }
    }

    @Test("a pool loses nothing, with more threads than processors, inside steps and outside", arguments: [1, 2, 3, 8])
    func pool(threads: Int) {
        let pool = ThreadPool(threads: threads)
        var counts = [Int](repeating: 0, count: 100)
        var wrong = [Int](repeating: 0, count: 64 * threads)
        let rounds = 150
        counts.withUnsafeMutableBufferPointer { counts in
            wrong.withUnsafeMutableBufferPointer { wrong in
                func go(_ round: Int) {
                    pool.runParts(round % 101, grain: 1 + round % 4, most: 4 + round % 30) { piece, thread in
                        if thread >= threads || piece.isEmpty { wrong[0] += 1 }
                        for index in piece { counts[index] += 1 }
                    }
                }
                for round in 0..<rounds { go(round) }
                pool.step { for round in 0..<rounds { go(round) } }
            }
        }
        let expected = (0..<100).map { index in 2 * (0..<rounds).filter { $0 % 101 > index }.count }
        #expect(counts == expected && wrong[0] == 0)
    }

    @Test("the errand is looked after between pieces, by the caller")
    func errand() {
        let pool = ThreadPool(threads: 1)
        var errands = 0
        pool.errand = { errands += 1 }
        pool.runParts(100, grain: 1, most: 1) { _, _ in }
        #expect(errands >= 100)
        errands = 0
        pool.errand = nil
        pool.runParts(100, grain: 1) { _, _ in }
        #expect(errands == 0)
    }

    @Test("what comes next begins where each thread's part does, of lists and blocks too", arguments: [1, 2, 3, 7])
    func ahead(threads: Int) throws {
        let wide = PackedMatrix(rows: 200, columns: 64, storage: .q8)
        let others = [
            PackedMatrix(rows: 33, columns: 64, storage: .q8), PackedMatrix(rows: 16, columns: 64, storage: .q4),
        ]
        let blocks = PackedMatrix(rows: 160, columns: 64, storage: .q8, blockColumns: 32)
        let floats = PackedMatrix(rows: 100, columns: 64, storage: .bfloat16)
        #expect(Matmul.products([wide] + others).map(\.count) == [2, 1])
        PackedMatrix.foresee([[floats], [wide] + others, [blocks]], threads: threads)
        #expect(wide.ahead == nil && blocks.ahead == nil)
        for thread in 0..<threads {
            func place(_ w: PackedMatrix, _ byte: Int) -> UnsafeRawPointer { UnsafeRawPointer(w.matrix.panels) + byte }
            let panel = ck_parts_begin(16, 2, threads, thread)
            let first =
                panel < 13 ? place(wide, panel * 16 * 68) : panel < 16 ? place(others[0], (panel - 13) * 16 * 68) : nil
            #expect(floats.ahead?.begin(of: thread, among: threads) == first)
            let second = others[0].ahead?.begin(of: thread, among: threads)
            #expect(second == (thread == 0 ? place(others[1], 0) : nil))
            let third = place(blocks, ck_parts_begin(10, 4, threads, thread) * (16 * 32 + 64))
            let isThere = ck_parts_begin(10, 4, threads, thread) < 10
            #expect(others[1].ahead?.begin(of: thread, among: threads) == (isThere ? third : nil))
            #expect(floats.ahead?.begin(of: thread, among: threads + 1) == nil)
        }
    }
}
