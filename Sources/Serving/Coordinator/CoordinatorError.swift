package import Diagnostics

/// The address that the server should listen on is taken.
package struct AddressInUseError: OperatorError, Equatable {
    package let address: String

    package var description: String { "the address \(address) is in use" }
    package var hint: String? { "another server may be running there; choose another with --listen or --unix" }
    package var exitCode: ExitCode { .addressInUse }
}
