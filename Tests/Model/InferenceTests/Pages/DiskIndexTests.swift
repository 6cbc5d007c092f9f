import PageFiles
import Requests
import TestSupport
import Testing

@testable import Inference

@Suite("What a group has on disk")
struct DiskIndexTests {
    static func key(_ number: Int) -> PageKey { PageKey(high: 1, low: UInt64(number)) }

    static func index(_ capacity: Int = 4, ranks: Int = 1, stored: [Int] = [], mostSaves: Int = 4) -> DiskIndex {
        DiskIndex(capacity: capacity, ranks: ranks, pageBytes: 100, stored: stored.map(key), mostSaves: mostSaves)
    }

    /// Writes pages, on every rank; the numbers of their keys are the numbers of their pages.
    static func save(_ numbers: [Int], _ index: inout DiskIndex, ranks: Int = 1, failing: Int? = nil) {
        index.offer(numbers.map(key))
        while index.hasCandidates || index.isBusy {
            _ = index.beginSaves { Int32($0.low) }
            for transfer in index.takeWork().transfers {
                for rank in 0..<ranks {
                    let failure: PageFailure? = Int(transfer.page) == failing && rank == ranks - 1 ? .full : nil
                    _ = index.note(PageOutcome(transfer, failure: failure))
                }
            }
        }
    }

    @Test("a page is on disk when the last rank has written it")
    func allRanks() {
        var index = Self.index(ranks: 3)
        index.offer([Self.key(1)])
        _ = index.beginSaves { _ in 9 }
        let transfer = PageTransfer(.save, page: 9, key: Self.key(1))
        #expect(index.takeWork().transfers == [transfer])
        #expect(index.note(PageOutcome(transfer)) == nil && index.note(PageOutcome(transfer)) == nil)
        #expect(!index.has(Self.key(1)) && index.isBusy)
        #expect(index.note(PageOutcome(transfer)) == DiskIndex.Arrival(transfer: transfer, isGood: true))
        #expect(index.has(Self.key(1)) && !index.isBusy && index.figures.written == 1)
    }

    @Test("no more are under way than may be, none twice, and what has left memory is left out")
    func bounds() {
        var index = Self.index(100, mostSaves: 3)
        index.offer((0..<10).map(Self.key) + [Self.key(0)])
        _ = index.beginSaves { $0.low == 1 ? nil : Int32($0.low) }
        let first = index.takeWork().transfers
        #expect(first.map(\.page) == [0, 2, 3] && index.figures.refused == 1)
        _ = index.beginSaves { Int32($0.low) }
        #expect(index.takeWork().transfers.isEmpty)
        for transfer in first { _ = index.note(PageOutcome(transfer)) }
        Self.save([], &index)
        #expect(index.figures.written == 9 && index.figures.pages == 9)
    }

    @Test("the least recently used page goes first, but none that is being read")
    func capacity() {
        var index = Self.index(4)
        Self.save([1, 2, 3, 4], &index)
        index.touch([Self.key(1), Self.key(3)])
        Self.save([5], &index)
        #expect(!index.has(Self.key(2)) && index.takeLost() == [Self.key(2)])
        index.beginLoad(Self.key(4), into: 40)
        Self.save([6], &index)
        #expect(index.has(Self.key(4)) && !index.has(Self.key(3)) && index.figures.pages == 4)
        #expect(index.takeWork().drops == [])
    }

    @Test("a disk that is full on one rank ends the writing on all, with one line; reading goes on")
    func full() {
        var index = Self.index(8, ranks: 2, stored: [100])
        Self.save([1, 2, 3, 4, 5], &index, ranks: 2, failing: 2)
        #expect(index.takeNotes().count == 1)
        #expect(!index.figures.isWriting && index.figures.isReading)
        #expect(index.has(Self.key(1)) && !index.has(Self.key(2)) && index.has(Self.key(100)))
        Self.save([7], &index, ranks: 2)
        #expect(!index.has(Self.key(7)))
    }

    @Test("a page that one rank cannot read is removed everywhere")
    func unreadable() {
        var index = Self.index(ranks: 2, stored: [1, 2])
        index.beginLoad(Self.key(1), into: 5)
        let transfer = index.takeWork().transfers[0]
        #expect(index.note(PageOutcome(transfer, failure: .damaged)) == nil)
        #expect(index.note(PageOutcome(transfer))?.isGood == false)
        #expect(index.takeWork().drops == [Self.key(1)] && index.takeLost() == [Self.key(1)])
        #expect(index.takeNotes() == ["a page on disk is damaged, and computed again"])
        #expect(index.has(Self.key(2)))
    }

    @Test("pages that nobody shall have are removed, also those that are being written")
    func forgotten() {
        var index = Self.index(stored: [1])
        index.offer([Self.key(2)])
        _ = index.beginSaves { _ in 7 }
        index.forget([Self.key(1), Self.key(2)])
        #expect(!index.has(Self.key(1)))
        let work = index.takeWork()
        #expect(work.drops == [Self.key(1)])
        #expect(index.note(PageOutcome(work.transfers[0]))?.isGood == false)
        #expect(!index.has(Self.key(2)) && index.takeWork().drops == [Self.key(2)])
    }

    @Test("where reading is slower than computing, nothing is read or written any more, and it is said once")
    func worth() {
        for (micros, isWorth) in [(Int32(9_000), true), (11_000, false)] {
            var index = Self.index(100, stored: Array(0..<40))
            index.noteComputed(tokens: 1000, seconds: 10.0 / 64 * 0.001 * 1000, pageTokens: 64)
            for number in 0..<16 {
                #expect(index.has(Self.key(number)))
                index.beginLoad(Self.key(number), into: Int32(number))
                for transfer in index.takeWork().transfers {
                    _ = index.note(PageOutcome(transfer, microseconds: micros))
                }
                index.judge(pageTokens: 64)
            }
            #expect(index.figures.isReading == isWorth && index.figures.isWriting == isWorth)
            #expect(index.takeNotes().count == 1 && index.has(Self.key(30)) == isWorth)
            #expect(index.takeLost().count == (isWorth ? 0 : 40))
        }
    }

    @Test("recently used elements stay, however often they were used")
    func recency() {
        var list = RecencyList<Int>()
        var naive: [Int] = []
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let element = Int.random(in: 0..<40, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0:
                let kept = Int.random(in: 0..<40, using: &random)
                let expected = naive.first { $0 % 7 != kept % 7 }
                let skipped = naive.prefix { $0 != expected && expected != nil || expected == nil }
                #expect(list.removeOldest { $0 % 7 == kept % 7 } == expected)
                // Those that were passed over count as used.
                naive.removeAll { skipped.contains($0) || $0 == expected }
                naive += skipped
            case 1:
                #expect(list.remove(element) == naive.contains(element))
                naive.removeAll { $0 == element }
            default:
                list.use(element)
                naive.removeAll { $0 == element }
                naive.append(element)
            }
            #expect(list.count == naive.count && list.contains(element) == naive.contains(element))
        }
    }
}
