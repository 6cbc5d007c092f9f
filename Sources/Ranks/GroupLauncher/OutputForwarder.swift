import Foundation
import GroupLink

/// Hands lines to a sink on a thread of its own: a sink that is stuck loses lines, and never holds up `mpirun`.
final class OutputForwarder: Sendable {
    private let lines = EventQueue<String?>(capacity: 2000)

    init(_ sink: @escaping @Sendable (String) -> Void) {
        let thread = Thread { [lines] in
            while case .some(.some(let line)) = lines.next() {
                sink(line)
                let dropped = lines.takeDropped()
                if dropped > 0 { sink("(\(dropped) lines were lost)") }
            }
        }
        thread.name = "output"
        thread.start()
    }

    func push(_ line: String) { lines.push(line) }

    /// Lets the thread end, once it has handed over what is there.
    func finish() {
        // A full queue has room again soon, unless its sink is stuck for good.
        for _ in 0..<100 where !lines.push(nil) { usleep(10_000) }
    }
}
