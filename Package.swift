// swift-tools-version: 6.1
import PackageDescription

// The manifest is the architecture: a floor a folder, from the bottom up, and a target imports only what stands above
// it here. scripts/check-layers compares this list with every import line.

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Warnings of our own C are errors.
let strict = ["-Wall", "-Wextra", "-Werror"]
/// -O3 also in debug builds: an unoptimised kernel is some sixty times slower and makes the tests crawl.
let kernelSettings: [CSetting] = [.unsafeFlags(["-O3", "-ffp-contract=off"] + strict)]

/// The folders of `Sources` and `Tests`, from the bottom up.
enum Floor: String {
    case c = "C"
    case values = "Values"
    case substrate = "Substrate"
    case model = "Model"
    case ranks = "Ranks"
    case serving = "Serving"
    case tools = "Tools"
    case support = "Support"

    func library(
        _ name: String,
        _ dependencies: [Target.Dependency] = [],
        exclude: [String] = [],
        resources: [Resource]? = nil
    ) -> Target {
        .target(
            name: name,
            dependencies: dependencies,
            path: "Sources/\(rawValue)/\(name)",
            exclude: exclude,
            resources: resources,
            swiftSettings: swiftSettings
        )
    }

    func c(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [CSetting]? = nil) -> Target {
        .target(
            name: name,
            dependencies: dependencies,
            path: "Sources/\(rawValue)/\(name)",
            cSettings: settings ?? [.unsafeFlags(strict)]
        )
    }

    func system(_ name: String, pkgConfig: String, packages: [String]) -> Target {
        .systemLibrary(
            name: name,
            path: "Sources/\(rawValue)/\(name)",
            pkgConfig: pkgConfig,
            providers: [.apt(packages)]
        )
    }

    func program(_ name: String, _ dependencies: [Target.Dependency], of root: String = "Sources") -> Target {
        .executableTarget(
            name: name,
            dependencies: dependencies,
            path: "\(root)/\(rawValue)/\(name)",
            swiftSettings: swiftSettings
        )
    }

    func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .testTarget(
            name: name + "Tests",
            dependencies: dependencies + ["TestSupport"],
            path: "Tests/\(rawValue)/\(name)Tests",
            swiftSettings: swiftSettings
        )
    }
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let deques = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heaps = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let ordered = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "flotilla",
    products: [.executable(name: "flotilla", targets: ["flotilla"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    ],
    targets: [
        // MARK: C: one job each
        Floor.c.system("COpenMPI", pkgConfig: "ompi-c", packages: ["libopenmpi-dev", "openmpi-bin"]),
        Floor.c.system("CLibJPEG", pkgConfig: "libjpeg", packages: ["libjpeg-dev"]),
        Floor.c.system("CLibPNG", pkgConfig: "libpng", packages: ["libpng-dev"]),
        Floor.c.system("CLibWebP", pkgConfig: "libwebpdemux", packages: ["libwebp-dev"]),
        Floor.c.system("CZlib", pkgConfig: "zlib", packages: ["zlib1g-dev"]),
        Floor.c.c("CMPI", ["COpenMPI"]),
        Floor.c.c("CImageCodecs", ["CLibJPEG", "CLibPNG", "CLibWebP"], settings: kernelSettings),
        Floor.c.c("CKernels", settings: kernelSettings),
        Floor.c.c("CDigest", settings: kernelSettings),
        Floor.c.c("CProcess"),
        Floor.c.c("CPage"),

        // MARK: Values: no I/O
        Floor.values.library("Diagnostics"),
        Floor.values.library("Tensors"),
        Floor.values.library("Digests", ["CDigest", "CZlib"]),
        Floor.values.library("JSON"),
        Floor.values.library("Constraints", ["JSON"]),
        Floor.values.library("Requests", ["Constraints", "Diagnostics", "Digests", "JSON"]),

        // MARK: Substrate: no knowledge of the model's forward pass
        Floor.substrate.library("Kernels", ["Tensors", "CKernels"]),
        Floor.substrate.library("Communication", ["Tensors", "Diagnostics", "CMPI"]),
        Floor.substrate.library("Checkpoints", ["Tensors", "Diagnostics", "Digests", "JSON", "Kernels"]),
        Floor.substrate.library("Tokenization", ["Diagnostics", "Digests", "JSON", "Requests", heaps]),
        Floor.substrate.library("ImagePreprocessing", ["Diagnostics", "Requests", "CImageCodecs"]),
        Floor.substrate.library("PageFiles", ["Diagnostics", "Digests", "Requests", "Kernels"]),

        // MARK: Model
        Floor.model.library("Sharding", ["Tensors", "Diagnostics", "Checkpoints"]),
        Floor.model.library(
            "SAILVL2Model",
            ["Tensors", "Diagnostics", "Kernels", "Communication", "Checkpoints", "Sharding"]
        ),
        Floor.model.library(
            "Inference",
            [
                "Tensors", "Diagnostics", "Constraints", "Requests", "Kernels", "Communication", "Checkpoints",
                "PageFiles", "Sharding", "SAILVL2Model",
            ]
        ),

        // MARK: Ranks: processes of a group, and who starts them
        Floor.ranks.library("GroupLink", ["Diagnostics", "Digests", "Requests", "CProcess"]),
        Floor.ranks.library("GroupLauncher", ["Diagnostics", "Requests", "GroupLink", "CProcess"]),
        Floor.ranks.library(
            "RankProgram",
            [
                "Tensors", "Diagnostics", "Digests", "Constraints", "Requests", "Kernels", "Communication",
                "Checkpoints", "Tokenization", "ImagePreprocessing", "PageFiles", "Sharding", "SAILVL2Model",
                "Inference", "GroupLink", "GroupLauncher",
            ]
        ),

        // MARK: Serving: requests in, answers out
        Floor.serving.library(
            "ServingCore",
            ["Diagnostics", "Requests", "Tokenization", deques, heaps]
        ),
        Floor.serving.library(
            "Frontend",
            [
                "Tensors", "Diagnostics", "Digests", "Requests", "Checkpoints", "Tokenization", "ImagePreprocessing",
                "GroupLink", "GroupLauncher", "RankProgram", "ServingCore",
            ]
        ),
        Floor.serving.library("WireProtocol", ["Diagnostics", "JSON", "Constraints", "Requests"]),
        Floor.serving.library("Page", ["Digests", "CPage"], exclude: ["Site"]),
        Floor.serving.library("OpenAIProtocol", ["Diagnostics", "JSON", "Constraints", "Requests", "WireProtocol"]),
        Floor.serving.library(
            "Coordinator",
            [
                "Diagnostics", "Digests", "Requests", "Checkpoints", "Tokenization", "ImagePreprocessing", "GroupLink",
                "GroupLauncher", "RankProgram", "ServingCore", "Frontend", "WireProtocol", "OpenAIProtocol", "Page",
                deques, nioCore, nioPosix, nioHTTP1, nioTLS, nioSSL, logging,
            ]
        ),
        Floor.serving.library(
            "ServerClient",
            ["Diagnostics", "JSON", "Requests", "WireProtocol", nioCore, nioPosix, nioHTTP1, nioSSL]
        ),

        // MARK: Tools: what people call
        Floor.tools.library(
            "DemoModel",
            resources: ["demo", "demo-draft", "samples"].map { .copy("Resources/\($0)") }
        ),
        Floor.tools.library("Scaling", ["Diagnostics", "Communication", "Checkpoints", "Sharding", "SAILVL2Model"]),
        Floor.tools.library(
            "Benchmarks",
            [
                "Tensors", "Diagnostics", "Requests", "Kernels", "Communication", "Checkpoints", "Tokenization",
                "ImagePreprocessing", "Sharding", "SAILVL2Model", "Inference", "GroupLauncher", "RankProgram",
                "Scaling",
            ]
        ),
        Floor.tools.library(
            "Commands",
            [
                "Tensors", "Diagnostics", "Digests", "JSON", "Constraints", "Requests", "Kernels", "Checkpoints",
                "Tokenization", "ImagePreprocessing", "PageFiles", "Sharding", "SAILVL2Model", "Inference", "GroupLink",
                "GroupLauncher", "RankProgram", "ServingCore", "Frontend", "WireProtocol", "Coordinator",
                "ServerClient", "DemoModel", "Scaling", "Benchmarks", logging, argumentParser,
            ]
        ),
        Floor.tools.program("flotilla", ["Commands"]),

        // MARK: Tests mirror the sources
        .target(name: "CTestProcess", path: "Tests/Support/CTestProcess", cSettings: [.unsafeFlags(strict)]),
        .target(
            name: "TestSupport",
            dependencies: ["CTestProcess", "Checkpoints", "GroupLauncher"],
            path: "Tests/Support/TestSupport",
            swiftSettings: swiftSettings
        ),
        // What mpirun starts in the tests of exchanges between ranks, and in the launcher's tests.
        Floor.support.program(
            "ParallelTestRank",
            ["Communication", "Kernels", "Checkpoints", "Sharding", "SAILVL2Model"],
            of: "Tests"
        ),
        Floor.support.program(
            "LinkTestRank",
            ["Diagnostics", "Requests", "GroupLink", "GroupLauncher", "COpenMPI"],
            of: "Tests"
        ),
        // What scripts/check-constraints asks for masks and answers.
        Floor.support.program("ConstraintProbe", ["Constraints", "Tokenization", "JSON"], of: "Tests"),
        Floor.values.tests("Diagnostics", ["Diagnostics"]),
        Floor.support.tests("TestSupport", []),
        Floor.values.tests("Digests", ["Digests"]),
        Floor.values.tests("JSON", ["JSON"]),
        Floor.values.tests("Constraints", ["Constraints", "JSON", "Tokenization"]),
        Floor.values.tests("Requests", ["Requests", "Constraints", "Diagnostics"]),
        Floor.substrate.tests("Kernels", ["Kernels", "Tensors", "CKernels"]),
        Floor.substrate.tests("Communication", ["Communication"]),
        Floor.substrate.tests("Checkpoints", ["Checkpoints", "Kernels", "JSON", "Tensors", "Diagnostics"]),
        Floor.substrate.tests("Tokenization", ["Tokenization", "JSON", "Diagnostics"]),
        Floor.substrate.tests("ImagePreprocessing", ["ImagePreprocessing", "Requests", "Diagnostics", "Digests"]),
        Floor.substrate.tests("PageFiles", ["PageFiles", "Requests", "Kernels", "Diagnostics"]),
        Floor.model.tests("Sharding", ["Sharding", "Checkpoints"]),
        Floor.model.tests(
            "SAILVL2Model",
            ["SAILVL2Model", "Kernels", "Checkpoints", "Tensors", "Communication", "Sharding", "ParallelTestRank"]
        ),
        Floor.model.tests(
            "Inference",
            [
                "Inference", "Constraints", "PageFiles", "Requests", "SAILVL2Model", "Sharding", "Kernels",
                "Checkpoints",
                "Communication",
            ]
        ),
        Floor.ranks.tests("GroupLink", ["GroupLink", "Requests", "Diagnostics"]),
        Floor.ranks.tests("GroupLauncher", ["GroupLauncher", "Requests", "GroupLink", "Diagnostics", "LinkTestRank"]),
        Floor.ranks.tests(
            "RankProgram",
            ["RankProgram", "Requests", "GroupLink", "Checkpoints", "ImagePreprocessing", "Diagnostics"]
        ),
        Floor.serving.tests("ServingCore", ["ServingCore", "Requests", "Tokenization", "Diagnostics"]),
        Floor.serving.tests(
            "Frontend",
            [
                "Frontend", "ServingCore", "Requests", "RankProgram", "Checkpoints", "Tokenization", "GroupLink",
                "GroupLauncher", "Diagnostics",
            ]
        ),
        Floor.serving.tests("WireProtocol", ["WireProtocol", "Requests", "JSON"]),
        Floor.serving.tests("Page", ["Page", "Digests"]),
        Floor.serving.tests("OpenAIProtocol", ["OpenAIProtocol", "WireProtocol", "Requests", "Constraints", "JSON"]),
        Floor.serving.tests(
            "Coordinator",
            [
                "Coordinator", "ServingCore", "WireProtocol", "Requests", "GroupLink", "Diagnostics", nioCore,
                nioEmbedded,
            ]
        ),
        Floor.serving.tests("ServerClient", ["ServerClient", "WireProtocol"]),
        Floor.tools.tests("Scaling", ["Scaling", "Checkpoints", "Communication", "Diagnostics", "Sharding"]),
        Floor.tools.tests(
            "Benchmarks",
            ["Benchmarks", "Checkpoints", "Diagnostics", "Kernels", "SAILVL2Model", "CKernels"]
        ),
        Floor.tools.tests(
            "Commands",
            [
                "Commands", "Frontend", "Requests", "Tokenization", "Checkpoints", "Diagnostics", "Digests",
                "WireProtocol",
            ]
        ),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)
