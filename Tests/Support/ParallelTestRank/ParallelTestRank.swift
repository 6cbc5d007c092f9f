import Communication
import Foundation

/// What mpirun starts in the tests of exchanges between ranks.
///
/// ```
/// ParallelTestRank allreduce        sums of several shapes against a naive tree; one line from rank 0
/// ParallelTestRank allreduce 0,0,1  the same where only ranks of one label share memory
/// ParallelTestRank wire 0,0,1       sums that are rounded between hosts against one process that stands for all of them
/// ParallelTestRank broadcast        messages of rank 0 to all, of many lengths; a line from every rank
/// ParallelTestRank outbox           records of every rank to rank 0, which waits elsewhere; a line from every rank
/// ParallelTestRank time             microseconds of an all-reduce, by bytes
/// ParallelTestRank endless          prints every rank's pid, then exchanges until somebody kills it
/// ParallelTestRank forward MODEL    allocations of a decode step, where `AllocationCount` is preloaded
/// ```
@main
enum ParallelTestRank {
    static func main() throws {
        let arguments = CommandLine.arguments
        let mode = arguments.dropFirst().first ?? ""
        try MPIRuntime.run { world in
            switch mode {
            case "allreduce": try AllReduceCheck.run(world, labels: arguments.dropFirst(2).first)
            case "wire": try WireCheck.run(world, labels: arguments.dropFirst(2).first)
            case "broadcast": try BroadcastCheck.run(world)
            case "outbox": try OutboxCheck.run(world)
            case "time": try AllReduceTiming.run(world)
            case "endless": try endless(world)
            case "forward": try ForwardCount.run(arguments[2], world)
            default: exit(2)
            }
        } onFailure: { error in
            print("error: \(error)")
            return 1
        }
    }

    private static func endless(_ world: MPICommunicator) throws {
        let reduce = TestReduce(try world.fabric(), leafCount: 8, width: 64, maxRows: 4)
        let pids = try world.allGather(UInt64(getpid()))
        if world.rank == 0 {
            print(pids.map(String.init).joined(separator: " "))
            fflush(nil)
        }
        while true { _ = try reduce.run(rows: 4) }
    }
}
