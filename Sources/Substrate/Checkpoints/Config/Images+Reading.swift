internal import JSON

extension ModelConfig.Images {
    /// Reads `preprocessor_config.json`, and `force_image_size` of `config.json`, which must agree.
    init(
        _ preprocessor: ConfigFields,
        config: ConfigFields,
        vision: ModelConfig.Vision
    ) throws(CheckpointError) {
        // The learned positions are those of `image_size`; another tile would need others.
        let side = vision.imageSize
        if !config.isNullOrMissing("force_image_size") {
            guard config.fields["force_image_size"]?.exactInteger == side else {
                throw config.wrong("force_image_size", expected: "vision_config.image_size (\(side)) or null")
            }
        }
        try preprocessor.agree("image_size", side, with: "vision_config.image_size")
        try preprocessor.agree("patch_size", vision.patchSize, with: "vision_config.patch_size")
        self.init(
            maxTiles: try preprocessor.integer("max_dynamic_patch", in: 1...1 << 10),
            tileSide: side,
            mean: try preprocessor.colours("image_mean", in: -1e3...1e3),
            std: try preprocessor.colours("image_std", in: 1e-6...1e3)
        )
        usesMSAC = try preprocessor.isNullOrMissing("use_msac") ? false : preprocessor.flag("use_msac", default: false)
    }
}

extension ConfigFields {
    fileprivate func agree(_ key: String, _ value: Int, with other: String) throws(CheckpointError) {
        guard let found = fields[key] else { return }
        guard found.exactInteger == value else { throw wrong(key, expected: "\(value) as in \(other) of config.json") }
    }
}
