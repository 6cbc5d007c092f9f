/// A closure `(task, thread) -> Void` as the two words that it is, code and context, while its owner lends it.
///
/// A closure that must not escape cannot be stored, so it cannot be handed to other threads either; and
/// `withoutActuallyEscaping` makes a copy of it on the heap for each of the hundreds of kernels of a step. The words
/// are taken, and called, through functions whose parameter is a closure on one side and two pointers on the other, which
/// Swift passes alike: today's compiler does, its language does not promise it. So `isSound` tries it, and a program that
/// was compiled otherwise copies closures. The words must not be used after the call to which the closure was given.
struct BorrowedTask {
    private let code: UnsafeRawPointer
    private let context: UnsafeRawPointer?

    typealias Body = (_ task: Int, _ thread: Int) -> Void
    private struct FromWords { let run: (BorrowedTask) -> BorrowedTask }
    private struct FromClosure { let run: (Body) -> BorrowedTask }
    private struct CallClosure { let run: (Body, Int, Int) -> Void }
    private struct CallWords { let run: (BorrowedTask, Int, Int) -> Void }

    nonisolated(unsafe) private static let take = unsafeBitCast(FromWords { $0 }, to: FromClosure.self)
    nonisolated(unsafe) private static let call = unsafeBitCast(CallClosure { $0($1, $2) }, to: CallWords.self)

    /// Whether closures can be lent in this program: one is, and must be called with what it was given and find what it
    /// has captured.
    static let isSound = {
        guard MemoryLayout<Body>.size == MemoryLayout<BorrowedTask>.size else { return false }
        var seen: [Int] = []
        let secret = Int.random(in: 1...1_000_000)
        lend { task, thread in seen += [task, thread, secret] }
        return seen == [3, 5, secret, 7, 11, secret]
    }()

    /// A call of its own, so that the closure goes the way that it goes in `ThreadPool.run`.
    @inline(never)
    private static func lend(_ body: Body) {
        var borrowed = BorrowedTask(body)
        withUnsafePointer(to: &borrowed) {
            $0.pointee(3, 5)
            $0.pointee(7, 11)
        }
    }

    init(_ body: Body) { self = Self.take.run(body) }

    func callAsFunction(_ task: Int, _ thread: Int) { Self.call.run(self, task, thread) }
}

/// The same by the language's own rules, at the price of an allocation.
struct CopiedTask {
    let body: BorrowedTask.Body
}
