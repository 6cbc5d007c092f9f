import CImageCodecs

/// Pillow's modes, as far as JPEG, PNG and WebP files open in them; the raw value is Pillow's name.
///
/// The mode decides how an image is resized: `"1"` and `"P"` by nearest neighbour, `"LA"` and `"RGBA"` with
/// premultiplied alpha, `"I;16"` in 16 bits, everything else band by band in 8 bits. A PNG's `tRNS` chunk never changes
/// it, a palette with transparency stays `"P"`, and transparency itself is dropped: the model sees the colours below.
package enum ImageMode: String, Sendable, Equatable, CaseIterable {
    /// One bit: a byte a sample, 0 or 255.
    case bilevel = "1"
    /// Grey, 8 bits.
    case grey = "L"
    /// Grey, 16 bits in the machine's byte order; becomes RGB by cutting values above 255 to 255, as in Pillow.
    case grey16 = "I;16"
    /// Grey and alpha.
    case greyAlpha = "LA"
    /// An index a sample, into a palette of RGB triples.
    case palette = "P"
    /// Red, green, blue.
    case rgb = "RGB"
    /// Red, green, blue, alpha.
    case rgba = "RGBA"
    /// Cyan, magenta, yellow, black, 255 being full ink.
    case cmyk = "CMYK"

    /// The same in C.
    var code: Int32 {
        switch self {
        case .bilevel: Int32(IMAGE_MODE_BILEVEL.rawValue)
        case .grey: Int32(IMAGE_MODE_GREY.rawValue)
        case .grey16: Int32(IMAGE_MODE_GREY16.rawValue)
        case .greyAlpha: Int32(IMAGE_MODE_GREY_ALPHA.rawValue)
        case .palette: Int32(IMAGE_MODE_PALETTE.rawValue)
        case .rgb: Int32(IMAGE_MODE_RGB.rawValue)
        case .rgba: Int32(IMAGE_MODE_RGBA.rawValue)
        case .cmyk: Int32(IMAGE_MODE_CMYK.rawValue)
        }
    }

    /// Bytes of one pixel in `DecodedImage.samples`.
    package var bytesPerPixel: Int { image_bytes_per_pixel(code) }

    /// Whether Pillow resizes this mode by nearest neighbour.
    var isIndexed: Bool { self == .bilevel || self == .palette }
}
