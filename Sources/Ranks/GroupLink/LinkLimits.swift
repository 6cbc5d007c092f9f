/// How much a frame may claim before it is believed, and how much may wait to be sent.
package struct LinkLimits: Sendable, Equatable {
    /// A message without an attachment, in bytes.
    package var messageBytes = 16 << 20
    /// A message with an attachment, in bytes.
    package var attachedBytes = 256 << 20
    /// What may wait to be sent on one link, in bytes, before its reader counts as stuck.
    package var outboxBytes = 512 << 20

    package init() {}

    /// For a peer that has shown the secret but not yet introduced itself.
    static var handshake: LinkLimits {
        var limits = LinkLimits()
        limits.messageBytes = 64 << 10
        limits.attachedBytes = 64 << 10
        return limits
    }
}
