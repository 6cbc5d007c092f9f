/// How a stored picture must be turned to stand upright: EXIF's tag 0x0112, whose numbers are the raw values.
package enum ImageOrientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case flipped = 4
    /// Along the main diagonal: rows become columns.
    case transposed = 5
    /// A quarter turn clockwise.
    case clockwise = 6
    /// Along the other diagonal.
    case transverse = 7
    /// A quarter turn counterclockwise.
    case counterclockwise = 8

    /// Whether width and height change places.
    package var swapsAxes: Bool { rawValue >= 5 }

    /// What a file's EXIF block says; upright where there is none, or none that can be read.
    ///
    /// Never an error: a picture with a broken EXIF block is a picture.
    package static func read(_ file: [UInt8]) -> ImageOrientation {
        file.withUnsafeBytes { bytes in
            guard let format = try? ImageFormat.recognise(bytes), let block = ExifBlock.find(in: bytes, format) else {
                return .upright
            }
            return ExifBlock.orientation(block).flatMap(ImageOrientation.init) ?? .upright
        }
    }
}

extension DecodedImage {
    /// The picture turned; Pillow's `transpose`, in any mode.
    package func turned(_ orientation: ImageOrientation) -> DecodedImage {
        if orientation == .upright { return self }
        let pixel = mode.bytesPerPixel
        let (newWidth, newHeight) = orientation.swapsAxes ? (height, width) : (width, height)
        let (origin, right, down) = walk(orientation)
        let turned = [UInt8](unsafeUninitializedCapacity: samples.count) { buffer, initialized in
            samples.withUnsafeBufferPointer { samples in
                var target = 0
                for y in 0..<newHeight {
                    var source = (origin + y * down) * pixel
                    for _ in 0..<newWidth {
                        for byte in 0..<pixel { buffer[target + byte] = samples[source + byte] }
                        target += pixel
                        source += right * pixel
                    }
                }
            }
            initialized = samples.count
        }
        return DecodedImage(mode: mode, width: newWidth, height: newHeight, samples: turned, palette: palette)
    }

    /// Which pixel comes first, and how far the next one lies to the right and below it.
    private func walk(_ orientation: ImageOrientation) -> (origin: Int, right: Int, down: Int) {
        let lastColumn = width - 1, lastRow = (height - 1) * width
        return switch orientation {
        case .upright: (0, 1, width)
        case .mirrored: (lastColumn, -1, width)
        case .upsideDown: (lastRow + lastColumn, -1, -width)
        case .flipped: (lastRow, 1, -width)
        case .transposed: (0, width, 1)
        case .clockwise: (lastRow, -width, 1)
        case .transverse: (lastRow + lastColumn, -width, -1)
        case .counterclockwise: (lastColumn, width, -1)
        }
    }

    /// Pillow's `convert("RGB")`.
    package func convertedToRGB() -> DecodedImage {
        if mode == .rgb { return self }
        // Resized to its own size, a picture is only converted.
        let samples = ImageResizer(self, width: width, height: height).rgb()
        return DecodedImage(mode: .rgb, width: width, height: height, samples: samples)
    }
}
