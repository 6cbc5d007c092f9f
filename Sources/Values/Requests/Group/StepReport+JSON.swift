internal import JSON

/// A step's report in the JSON that its coding reads, for the rank that writes one after every step.
///
/// Nothing is allocated where the output has room.
extension StepReport {
    /// Whether ``append(to:)`` can write it: log-probabilities are left to the coding.
    package var isPlain: Bool { tokens.allSatisfy { $0.logprobs.isEmpty } }

    /// Appends ``LinkReport/step(_:)`` with this report, which must be plain.
    package func append(to output: inout [UInt8]) {
        JSONText.append(#"{"step":{"_0":{"tokens":["#, to: &output)
        for (place, entry) in tokens.enumerated() {
            if place > 0 { JSONText.append(",", to: &output) }
            entry.append(to: &output)
        }
        JSONText.append(#"],"prefill":["#, to: &output)
        for (place, entry) in prefill.enumerated() {
            if place > 0 { JSONText.append(",", to: &output) }
            entry.append(to: &output)
        }
        JSONText.append(#"],"tiles":"#, to: &output)
        JSONText.append(tiles, to: &output)
        JSONText.append(#","preempted":["#, to: &output)
        for (place, id) in preempted.enumerated() {
            if place > 0 { JSONText.append(",", to: &output) }
            JSONText.append(quoting: id, to: &output)
        }
        JSONText.append(#"],"droppedPages":"#, to: &output)
        Self.append(droppedPages, to: &output)
        JSONText.append(#","keptPages":"#, to: &output)
        Self.append(keptPages, to: &output)
        JSONText.append(#","load":"#, to: &output)
        load.append(to: &output)
        JSONText.append("}}}", to: &output)
    }

    private static func append(_ keys: [PageKey], to output: inout [UInt8]) {
        JSONText.append("[", to: &output)
        for (place, key) in keys.enumerated() {
            JSONText.append(place > 0 ? ",[" : "[", to: &output)
            JSONText.append(key.high, to: &output)
            JSONText.append(",", to: &output)
            JSONText.append(key.low, to: &output)
            JSONText.append("]", to: &output)
        }
        JSONText.append("]", to: &output)
    }
}

extension StepReport.Tokens {
    fileprivate func append(to output: inout [UInt8]) {
        JSONText.append(#"{"id":"#, to: &output)
        JSONText.append(quoting: id, to: &output)
        JSONText.append(#","ids":"#, to: &output)
        JSONText.append(ids, to: &output)
        JSONText.append(#","logprobs":[]"#, to: &output)
        if let draft {
            JSONText.append(#","draft":{"drafted":"#, to: &output)
            JSONText.append(draft.drafted, to: &output)
            JSONText.append(#","accepted":"#, to: &output)
            JSONText.append(draft.accepted, to: &output)
            if let isOfModel = draft.isOfModel {
                JSONText.append(#","isOfModel":"#, to: &output)
                JSONText.append(isOfModel ? "true" : "false", to: &output)
            }
            JSONText.append("}", to: &output)
        }
        JSONText.append("}", to: &output)
    }
}

extension StepReport.Prefill {
    fileprivate func append(to output: inout [UInt8]) {
        JSONText.append(#"{"id":"#, to: &output)
        JSONText.append(quoting: id, to: &output)
        JSONText.append(#","done":"#, to: &output)
        JSONText.append(done, to: &output)
        JSONText.append(#","total":"#, to: &output)
        JSONText.append(total, to: &output)
        JSONText.append("}", to: &output)
    }
}

extension LeaderLoad {
    fileprivate func append(to output: inout [UInt8]) {
        JSONText.append(#"{"running":"#, to: &output)
        JSONText.append(running, to: &output)
        JSONText.append(#","waiting":"#, to: &output)
        JSONText.append(waiting, to: &output)
        JSONText.append(#","usedPages":"#, to: &output)
        JSONText.append(usedPages, to: &output)
        JSONText.append(#","cachedPages":"#, to: &output)
        JSONText.append(cachedPages, to: &output)
        JSONText.append(#","pages":"#, to: &output)
        JSONText.append(pages, to: &output)
        if let disk {
            JSONText.append(#","disk":"#, to: &output)
            disk.append(to: &output)
        }
        JSONText.append("}", to: &output)
    }
}

extension DiskFigures {
    fileprivate func append(to output: inout [UInt8]) {
        JSONText.append(#"{"pages":"#, to: &output)
        JSONText.append(pages, to: &output)
        JSONText.append(#","capacity":"#, to: &output)
        JSONText.append(capacity, to: &output)
        JSONText.append(#","pageBytes":"#, to: &output)
        JSONText.append(pageBytes, to: &output)
        JSONText.append(#","written":"#, to: &output)
        JSONText.append(written, to: &output)
        JSONText.append(#","read":"#, to: &output)
        JSONText.append(read, to: &output)
        JSONText.append(#","refused":"#, to: &output)
        JSONText.append(refused, to: &output)
        JSONText.append(#","isWriting":"#, to: &output)
        JSONText.append(isWriting ? "true" : "false", to: &output)
        JSONText.append(#","isReading":"#, to: &output)
        JSONText.append(isReading ? "true}" : "false}", to: &output)
    }
}
