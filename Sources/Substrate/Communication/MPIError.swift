internal import CMPI
package import Diagnostics

/// An MPI call that did not return `MPI_SUCCESS`.
package struct MPIError: OperatorError, Equatable {
    package let call: String
    package let text: String

    package var description: String { "\(call) failed: \(text)" }
    package var hint: String? {
        "the connection between the ranks broke, or a rank ended; see the log of the other ranks"
    }
    package var exitCode: ExitCode { .rankLost }

    /// Throws unless `status` is `MPI_SUCCESS`.
    static func check(_ status: Int32, _ call: String) throws(MPIError) {
        guard status != 0 else { return }
        var buffer = [CChar](repeating: 0, count: 512)
        cmpi_error_text(status, &buffer, Int32(buffer.count))
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        throw MPIError(call: call, text: text)
    }
}
