import Testing

@testable import RankProgram

@Suite("Windows of a measured rate")
struct RateWindowsTests {
    private static func settled(_ rates: [Double]) -> RateWindows {
        var windows = RateWindows()
        for rate in rates { windows.append(rate) }
        return windows
    }

    @Test("three windows are enough where the best two agree")
    func quiet() {
        #expect(!Self.settled([100, 101]).isSettled)
        let windows = Self.settled([100, 60, 101])
        #expect(windows.isSettled)
        #expect(windows.best == 101)
    }

    @Test(
        "a single good window does not settle it, whenever it came",
        arguments: [[100, 50, 52], [50, 100, 52], [50, 52, 100]]
    )
    func disturbed(rates: [Double]) {
        var windows = Self.settled(rates)
        #expect(!windows.isSettled)
        windows.append(97)
        #expect(windows.isSettled)
        #expect(windows.best == 100)
    }

    @Test("no rate at all is none")
    func nothing() {
        #expect(Self.settled([]).best == 0)
        #expect(Self.settled([0, 0, 0]).isSettled)
    }
}
