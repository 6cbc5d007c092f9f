internal import Constraints
internal import Foundation
internal import JSON
internal import Tokenization

// Answers questions about formats, one JSON object a line, for scripts/check-constraints:
//   ConstraintProbe TOKENIZER-DIRECTORY VOCABULARY-SIZE
//   {"do":"accepts","format":{…},"texts":["…"]}          → {"answers":[true]}
//   {"do":"masks","format":{…},"text":"…"}               → {"masks":[[ids],…]}      before each token of the text, and at its end
//   {"do":"cost","format":{…},"texts":["…"]}             → {"compile":…,"first":[nanoseconds],"again":[nanoseconds]}
//   {"do":"random","format":{…},"seed":1,"count":5}      → {"answers":["…"],"nanoseconds":[…],"compile":…}
// A format that is refused: {"refused":"…"}.
let arguments = CommandLine.arguments
guard arguments.count == 3, let size = Int(arguments[2]) else { fatalError("TOKENIZER-DIRECTORY VOCABULARY-SIZE") }
let tokenizer = try Tokenizer(directory: URL(fileURLWithPath: arguments[1]))
let vocabulary = TokenVocabulary(size: size, ends: tokenizer.control.ends) { tokenizer.textBytes(of: $0) }
while let line = readLine() {
    guard let question = Question(line) else {
        FileHandle.standardOutput.write(Data("{\"refused\":\"no question\"}\n".utf8))
        continue
    }
    let answer: JSONValue
    do { answer = try question.answer(tokenizer, vocabulary) } catch {
        answer = .object(["refused": .string("\(error)")])
    }
    FileHandle.standardOutput.write(Data((JSONWriter.line(answer) + "\n").utf8))
}
