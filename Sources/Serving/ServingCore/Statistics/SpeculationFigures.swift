internal import Requests

/// What drafts have come to, over all requests.
package struct SpeculationFigures: Sendable, Equatable {
    /// Drafts that were checked, their tokens, and those of them that were right.
    package private(set) var drafts = 0
    package private(set) var draftTokens = 0
    package private(set) var acceptedTokens = 0
    /// By the place of a token in its draft: how many were right there.
    package private(set) var acceptedPerPosition: [Int] = []

    /// Of all these, what a draft model guessed.
    package private(set) var ofModel = OfModel()

    package struct OfModel: Sendable, Equatable {
        package fileprivate(set) var drafts = 0
        package fileprivate(set) var draftTokens = 0
        package fileprivate(set) var acceptedTokens = 0
    }

    mutating func note(_ draft: StepReport.Tokens.Draft) {
        drafts += 1
        draftTokens += draft.drafted
        acceptedTokens += draft.accepted
        if draft.isOfModel == true {
            ofModel.drafts += 1
            ofModel.draftTokens += draft.drafted
            ofModel.acceptedTokens += draft.accepted
        }
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
