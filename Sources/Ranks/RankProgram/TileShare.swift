/// Which tiles of a picture a vision rank encodes: neighbours, so that it resizes no more rows of the grid than it must.
///
/// Shares differ by one tile at most, and which ranks have the larger ones changes from picture to picture.
struct TileShare: Sendable, Equatable {
    /// Among the vision ranks.
    let place: Int
    let places: Int

    init(place: Int, of places: Int) {
        precondition((0..<places).contains(place), "vision rank \(place) of \(places)")
        (self.place, self.places) = (place, places)
    }

    /// - Parameters:
    ///   - count: all tiles, the thumbnail included.
    ///   - image: the picture's number.
    func tiles(of count: Int, image: Int32) -> Range<Int> {
        let turn = (place + Int(image.magnitude)) % places
        return count * turn / places..<count * (turn + 1) / places
    }
}
