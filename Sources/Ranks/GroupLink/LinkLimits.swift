/// How much a frame may claim before it is believed, and how much may wait to be sent.
package struct LinkLimits: Sendable, Equatable {
    /// A message without an attachment, in bytes.
    package var messageBytes = 16 << 20
    /// A message with an attachment, in bytes: with the largest picture that a server can be told to take, 256 MiB.
    package var attachedBytes = 272 << 20
    /// What may wait to be sent on one link, in bytes, before its reader counts as stuck.
    package var outboxBytes = 512 << 20
    /// The same of bytes that are not copied for the link: after a loss the pictures of all requests under way are sent at
    /// once, and the process in front holds up to 1 GiB of them anyway.
    package var sharedBytes = 2 << 30

    package init() {}

    /// For a peer that has shown the secret but not yet introduced itself.
    static var handshake: LinkLimits {
        var limits = LinkLimits()
        limits.messageBytes = 64 << 10
        limits.attachedBytes = 64 << 10
        return limits
    }
}
