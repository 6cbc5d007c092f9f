internal import Requests

/// What drafts have come to, over all requests.
package struct SpeculationFigures: Sendable, Equatable {
    /// Drafts that were checked, their tokens, and those of them that were right.
    package private(set) var drafts = 0
    package private(set) var draftTokens = 0
    package private(set) var acceptedTokens = 0
    /// By the place of a token in its draft: how many were right there.
    package private(set) var acceptedPerPosition: [Int] = []

    mutating func note(_ draft: StepReport.Tokens.Draft) {
        drafts += 1
        draftTokens += draft.drafted
        acceptedTokens += draft.accepted
        while acceptedPerPosition.count < draft.drafted { acceptedPerPosition.append(0) }
        for place in 0..<draft.accepted { acceptedPerPosition[place] += 1 }
    }
}

extension End.Speculation {
    /// A step has checked a draft of the request.
    mutating func note(_ draft: StepReport.Tokens.Draft) {
        drafted += draft.drafted
        accepted += draft.accepted
        steps += 1
    }
}
