import CProcess

/// The processors of a host that are one group's own, where several groups are on it.
package enum OwnProcessors {
    /// Keeps the caller, and threads that it creates later, to them, if the launcher says which.
    ///
    /// A list of which nothing may be used is passed over: whoever bound this process otherwise knows better.
    ///
    /// - Returns: whether anything changed.
    @discardableResult
    package static func keep(_ variables: [String: String]) -> Bool {
        let numbers = numbers(variables[RankPlaces.processorsName] ?? "")
        return !numbers.isEmpty && cprocess_keep_to_processors(numbers, numbers.count) == 0
    }

    /// The variable's text for these processors.
    package static func text(_ numbers: [Int]) -> String { numbers.map(String.init).joined(separator: ",") }

    static func numbers(_ text: String) -> [Int32] { text.split(separator: ",").compactMap { Int32($0) } }
}
