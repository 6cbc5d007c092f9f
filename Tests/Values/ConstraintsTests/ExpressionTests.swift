import Testing

@testable import Constraints

@Suite struct ExpressionTests {
}
