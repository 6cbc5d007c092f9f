internal import CKernels

/// The shape of a key-value cache on one rank.
package struct KVLayout: Sendable, Equatable {
    /// How keys and values are stored; half precision rounds to nearest.
    ///
    /// `q8` is an integer of eight bits a number and a scale (float32) for a token's key and one for its value in each
    /// head, the largest magnitude over 127; what it is multiplied by becomes an integer of 16 bits.
    package enum Element: Sendable, CaseIterable {
        case float32, float16, q8

        var code: ck_kv_element {
            switch self {
            case .float32: CK_KV_FLOAT32
            case .float16: CK_KV_FLOAT16
            case .q8: CK_KV_INT8
            }
        }
    }

    /// Tokens of a page.
    package static let pageTokens = CK_KV_PAGE_TOKENS

    package let element: Element
    package let kvHeads: Int
    package let headDim: Int

    package init(element: Element, kvHeads: Int, headDim: Int) {
        precondition(kvHeads >= 1 && headDim >= 1, "a cache of \(kvHeads) heads of \(headDim)")
        self.element = element
        self.kvHeads = kvHeads
        self.headDim = headDim
    }

    /// Bytes of one page of one layer.
    package var pageBytes: Int { layer.page_bytes }

    /// Pages that `tokens` tokens need.
    package static func pages(for tokens: Int) -> Int { (tokens + pageTokens - 1) / pageTokens }

    var layer: ck_kv_layer {
        var layer = ck_kv_layer()
        ck_kv_layer_init(&layer, element.code, kvHeads, headDim)
        return layer
    }
}

/// The keys and values of all sequences: pages of 64 tokens, the same page numbers in every layer.
///
/// Per layer, page and KV head the keys are stored `[headDim, 64]` and the values `[64, headDim]`, side by side, so that
/// a SIMD lane is a key in the first product and a dimension in the second; in `q8` a lane has four of what is summed, and
/// scales follow. Which sequence owns which page is not known here. Memory is zeroed and comes with the first write.
package final class KVCachePages {
    package let layout: KVLayout
    package let layers: Int
    package let pages: Int
    private let memory: ScratchMemory

    package init(layout: KVLayout, layers: Int, pages: Int) {
        precondition(layers >= 1 && pages >= 1, "a cache of \(layers) layers and \(pages) pages")
        self.layout = layout
        self.layers = layers
        self.pages = pages
        memory = ScratchMemory(byteCount: layers * pages * layout.pageBytes)
    }

    /// Bytes of all pages of all layers.
    package var byteCount: Int { memory.byteCount }

    func layer(_ index: Int) -> ck_kv_layer {
        precondition(index >= 0 && index < layers, "layer \(index) of \(layers)")
        var layer = layout.layer
        layer.base = memory.base + index * pages * layout.pageBytes
        return layer
    }

    /// The bytes of a page in one layer, for who moves whole pages; valid as long as the cache is.
    package func bytes(ofPage page: Int, layer: Int) -> UnsafeMutableRawBufferPointer {
        precondition(page >= 0 && page < pages, "page \(page) of \(pages)")
        precondition(layer >= 0 && layer < layers, "layer \(layer) of \(layers)")
        let bytes = layout.pageBytes
        return UnsafeMutableRawBufferPointer(start: memory.base + (layer * pages + page) * bytes, count: bytes)
    }

    /// Copies page `source` to page `destination` in every layer (a shared page that one sequence goes on writing).
    package func copyPage(_ source: Int, to destination: Int) {
        precondition(source >= 0 && source < pages, "page \(source) of \(pages)")
        precondition(destination >= 0 && destination < pages, "page \(destination) of \(pages)")
        let bytes = layout.pageBytes
        for layer in 0..<layers {
            let base = memory.base + layer * pages * bytes
            (base + destination * bytes).copyMemory(from: base + source * bytes, byteCount: bytes)
        }
    }
}
