/// The images whose visual tokens the decoder ranks hold or expect, by number.
///
/// Images are opened when a job refers to them and closed only when the process in front says that nobody will: several
/// jobs may share one, and the next turn of a conversation finds it there.
struct ImageTable {
    private struct Image {
        let tokens: Int
        /// Visual tokens that are there, from the first without a gap; and what came ahead of the gap.
        var ready = 0
        var ahead: [Range<Int>] = []
    }

    private var images: [Int32: Image] = [:]
    private var openings: [StepPlan.ImageOpening] = []
    private var closings: [Int32] = []

    func isOpen(_ number: Int32) -> Bool { images[number] != nil }

    /// Makes room for an image, with the next plan; of no effect when it is open.
    mutating func open(_ number: Int32, tokens: Int) {
        guard images[number] == nil else { return }
        images[number] = Image(tokens: tokens)
        openings.append(StepPlan.ImageOpening(slot: number, tokens: Int32(tokens)))
    }

    /// Visual tokens have arrived; `false` if nobody waits for them.
    mutating func arrive(_ number: Int32, _ range: Range<Int>) -> Bool {
        guard var image = images[number] else { return false }
        image.ahead.append(range)
        while let next = image.ahead.firstIndex(where: { $0.lowerBound <= image.ready }) {
            image.ready = max(image.ready, image.ahead.remove(at: next).upperBound)
        }
        images[number] = image
        return true
    }

    /// How many visual tokens are there, from the first without a gap.
    func ready(_ number: Int32) -> Int { images[number]?.ready ?? 0 }

    /// Frees an image's visual tokens, with the next plan.
    mutating func forget(_ number: Int32) {
        guard images.removeValue(forKey: number) != nil else { return }
        // Opened and forgotten between two steps: the ranks never hear of it.
        if let index = openings.firstIndex(where: { $0.slot == number }) {
            openings.remove(at: index)
        } else {
            closings.append(number)
        }
    }

    /// What the ranks must be told in the next plan.
    mutating func takeChanges(into plan: inout StepPlan) {
        plan.openings.append(contentsOf: openings)
        plan.closings.append(contentsOf: closings)
        openings.removeAll(keepingCapacity: true)
        closings.removeAll(keepingCapacity: true)
    }
}
