import Foundation
import TestSupport
import Testing

/// The executable as a package puts it: in `bin`, with its files in the `share` beside that.
@Suite("An installed program", .ownThread)
struct InstalledProgramTests {
    @Test("The demo model is found in share/flotilla beside bin, through a link to the executable too")
    func demoModel() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let manager = FileManager.default
            let program = directory.appendingPathComponent("usr/bin/flotilla")
            let share = directory.appendingPathComponent("usr/share/flotilla")
            try manager.createDirectory(at: program.deletingLastPathComponent(), withIntermediateDirectories: true)
            try manager.copyItem(at: FlotillaProgram.executable, to: program)
            let plan = { (program: URL) in
                try FlotillaProgram.start(["plan", "--model", "demo"], of: program, in: directory).wait()
            }
            #expect(try plan(program).status != 0, "a model from nowhere")
            try manager.createDirectory(at: share, withIntermediateDirectories: true)
            let resources = FlotillaProgram.executable.deletingLastPathComponent()
                .appendingPathComponent("flotilla_DemoModel.resources")
            try manager.copyItem(
                at: resources.appendingPathComponent("demo"),
                to: share.appendingPathComponent("demo")
            )
            #expect(try plan(program).status == 0)
            let link = directory.appendingPathComponent("flotilla")
            try manager.createSymbolicLink(at: link, withDestinationURL: program)
            #expect(try plan(link).status == 0)
        }
    }
}
