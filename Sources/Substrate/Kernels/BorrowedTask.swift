/// A closure `(task, thread) -> Void` as the two words that it is, code and context, while its owner lends it.
///
/// A closure that must not escape cannot be stored, so it cannot be handed to other threads either; and
/// `withoutActuallyEscaping` makes a copy of it on the heap, twice for each of the hundreds of kernels of a step. The words
/// are taken, and called, through functions whose parameter is a closure on one side and two pointers on the other, which
/// Swift passes alike. They must not be used after the call to which the closure was given.
struct BorrowedTask {
    private let code: UnsafeRawPointer
    private let context: UnsafeRawPointer?

    private typealias Body = (_ task: Int, _ thread: Int) -> Void
    private struct FromWords { let run: (BorrowedTask) -> BorrowedTask }
    private struct FromClosure { let run: (Body) -> BorrowedTask }
    private struct CallClosure { let run: (Body, Int, Int) -> Void }
    private struct CallWords { let run: (BorrowedTask, Int, Int) -> Void }

    nonisolated(unsafe) private static let take = unsafeBitCast(FromWords { $0 }, to: FromClosure.self)
    nonisolated(unsafe) private static let call = unsafeBitCast(CallClosure { $0($1, $2) }, to: CallWords.self)

    init(_ body: (_ task: Int, _ thread: Int) -> Void) { self = Self.take.run(body) }

    func callAsFunction(_ task: Int, _ thread: Int) { Self.call.run(self, task, thread) }
}
