// swift-tools-version: 6.1
import PackageDescription

// The manifest is the architecture: a target imports only what stands above it here.
// scripts/check-layers compares this list with every import line.

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// -O3 also in debug builds: an unoptimised kernel is some sixty times slower and makes the tests crawl.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off"])]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: dependencies + ["TestSupport"],
        swiftSettings: swiftSettings
    )
}

let package = Package(
    name: "flotilla",
    products: [.executable(name: "flotilla", targets: ["flotilla"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        // MARK: C, one job each
        .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev", "openmpi-bin"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CLibJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
        .systemLibrary(name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CLibWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
        .target(name: "CMPI", dependencies: ["COpenMPI"]),
        .target(
            name: "CImageCodecs",
            dependencies: ["CLibJPEG", "CLibPNG", "CLibWebP"],
            cSettings: kernelSettings
        ),
        .target(name: "CKernels", cSettings: kernelSettings),
        .target(name: "CDigest", cSettings: kernelSettings),
        .target(name: "CProcess"),

        // MARK: Values, no I/O
        library("Diagnostics"),
        library("Tensors"),
        library("Digests", ["CDigest"]),

        // MARK: Substrate, no knowledge of the model's forward pass
        library("Kernels", ["Tensors", "CKernels", "COpenBLAS"]),
        library("Communication", ["Tensors", "Diagnostics", "CMPI"]),
        library("Checkpoints", ["Tensors", "Diagnostics", "Kernels"]),
        library("Tokenization", ["Diagnostics"]),
        library("ImagePreprocessing", ["Diagnostics", "CImageCodecs"]),
        library("GroupLink", ["Diagnostics", "Digests", "CProcess"]),

        // MARK: The model
        library("Sharding", ["Tensors", "Diagnostics", "Checkpoints"]),
        library(
            "SAILVL2Model",
            [
                "Tensors", "Diagnostics", "Kernels", "Communication", "Checkpoints", "Sharding",
            ]
        ),
        library(
            "Inference",
            [
                "Tensors", "Diagnostics", "Kernels", "Communication", "Checkpoints", "Sharding", "SAILVL2Model",
                "GroupLink",
            ]
        ),

        // MARK: Processes
        library("GroupLauncher", ["Diagnostics", "GroupLink", "CProcess"]),
        library(
            "RankProgram",
            [
                "Tensors", "Diagnostics", "Kernels", "Communication", "Checkpoints", "Sharding", "SAILVL2Model",
                "Inference", "ImagePreprocessing", "GroupLink",
            ]
        ),
        library(
            "Frontend",
            [
                "Tensors", "Diagnostics", "Digests", "Checkpoints", "Tokenization", "ImagePreprocessing", "GroupLink",
                "GroupLauncher", "RankProgram",
            ]
        ),
        library(
            "Benchmarks",
            [
                "Tensors", "Diagnostics", "Kernels", "Communication", "Checkpoints", "Tokenization", "Sharding",
                "SAILVL2Model", "RankProgram", "GroupLauncher",
            ]
        ),

        // MARK: Serving
        library("WireProtocol", ["Diagnostics"]),
        library(
            "Coordinator",
            [
                "Diagnostics", "Digests", "Checkpoints", "Tokenization", "ImagePreprocessing", "GroupLink",
                "GroupLauncher", "Inference", "RankProgram", "Frontend", "WireProtocol",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
            ]
        ),
        library(
            "ServerClient",
            [
                "Diagnostics", "WireProtocol", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .target(
            name: "DemoModel",
            resources: [.copy("Resources/demo"), .copy("Resources/samples")],
            swiftSettings: swiftSettings
        ),

        .executableTarget(
            name: "flotilla",
            dependencies: [
                "Tensors", "Diagnostics", "Kernels", "Checkpoints", "Tokenization", "ImagePreprocessing", "GroupLink",
                "Sharding", "SAILVL2Model", "Inference", "GroupLauncher", "RankProgram", "Frontend", "WireProtocol",
                "Coordinator", "ServerClient", "DemoModel", "Digests", "Benchmarks",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: swiftSettings
        ),

        // MARK: Tests mirror the sources
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("Kernels", ["Kernels", "Tensors", "CKernels"]),
        tests("Communication", ["Communication"]),
        tests("Checkpoints", ["Checkpoints", "Tensors", "Diagnostics"]),
        tests("Tokenization", ["Tokenization", "Diagnostics"]),
        tests("Digests", ["Digests"]),
        tests("ImagePreprocessing", ["ImagePreprocessing", "Diagnostics", "Digests"]),
        tests("GroupLink", ["GroupLink", "Diagnostics"]),
        tests("Sharding", ["Sharding", "Checkpoints"]),
        // What mpirun starts in the tests of exchanges between ranks.
        .executableTarget(
            name: "ParallelTestRank",
            dependencies: ["Communication", "Kernels", "Checkpoints", "Sharding", "SAILVL2Model"],
            path: "Tests/ParallelTestRank",
            swiftSettings: swiftSettings
        ),
        tests(
            "SAILVL2Model",
            [
                "SAILVL2Model", "Kernels", "Checkpoints", "Tensors", "Communication", "Sharding", "ParallelTestRank",
            ]
        ),
        tests("RankProgram", ["RankProgram"]),
        tests(
            "Inference",
            [
                "Inference", "SAILVL2Model", "Sharding", "Kernels", "Checkpoints", "Communication", "GroupLink",
            ]
        ),
        tests("WireProtocol", ["WireProtocol"]),
        tests(
            "Coordinator",
            [
                "Coordinator", "WireProtocol", "GroupLink", "Diagnostics",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]
        ),
        tests("ServerClient", ["ServerClient", "WireProtocol"]),
        tests("Frontend", ["Frontend", "RankProgram", "Tokenization", "GroupLink", "Diagnostics"]),
        tests("Benchmarks", ["Benchmarks", "Checkpoints"]),
        // What mpirun starts in the launcher's tests, and what they kill.
        .executableTarget(
            name: "LinkTestRank",
            dependencies: ["Diagnostics", "GroupLink", "GroupLauncher", "COpenMPI"],
            path: "Tests/LinkTestRank",
            swiftSettings: swiftSettings
        ),
        tests("GroupLauncher", ["GroupLauncher", "GroupLink", "Diagnostics", "LinkTestRank"]),
        tests("flotilla", ["Checkpoints", "Diagnostics", "WireProtocol"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
