import BinpkgModel
import BuildEnvironments
import HTTPTypes
import Hummingbird
import NIOCore
import Posix
import Synchronization
import Testing

@testable import BinpkgService

@Suite struct LogStreamTests {
    @Test func linesBecomeEventsThatSayWhereTheyEnd() {
        var lines = EventLines(offset: 100)
        #expect(String(decoding: lines.events(of: Array("one\r\ntw".utf8)), as: UTF8.self) == "id: 105\ndata: one\n\n")
        #expect(lines.readTo == 107 && lines.offset == 105)
        #expect(
            String(decoding: lines.events(of: Array("o\n\n".utf8)), as: UTF8.self)
                == "id: 109\ndata: two\n\nid: 110\ndata: \n\n")
        #expect(lines.rest() == [])
        _ = lines.events(of: Array("end".utf8))
        #expect(String(decoding: lines.rest(), as: UTF8.self) == "id: 113\ndata: end\n\n")
        let long = lines.events(of: [UInt8](repeating: 97, count: EventLines.longestLine + 1))
        #expect(long.count > EventLines.longestLine && lines.readTo == lines.offset)
    }

    @Test func readerGoesOnWhereItWas() async throws {
        try await Trial.run(TrialBuilder(.exact([1]))) { trial in
            let id = try await trial.obtain(sample).id
            let rest = "id: 18\ndata: linking\n\nevent: state\n"
            #expect(try await trial.log(id, "?from=10").hasPrefix(rest))
            #expect(try await trial.log(id, lastEvent: "10").hasPrefix(rest))
            // Beyond the end: the log is another one now.
            let other = try await trial.log(id, "?from=9999")
            #expect(other.hasPrefix("event: restart\ndata:\n\nid: 10\ndata: compiling\n\n"))
            for from in ["-5", "x", "99999999999999999999"] {
                #expect(try await trial.log(id, "?from=\(from)").contains("data: compiling"))
            }
        }
    }

    /// A reader whose writing never ends.
    private struct Stuck: ResponseBodyWriter {
        let began: @Sendable () -> Void
        mutating func write(_ buffer: ByteBuffer) async throws {
            began()
            try await Task.sleep(for: .seconds(3600))
        }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private final class Text: Sendable {
        let bytes = Mutex<[UInt8]>([])
    }

    private struct Collecting: ResponseBodyWriter {
        let text: Text
        mutating func write(_ buffer: ByteBuffer) async throws {
            text.bytes.withLock { $0 += buffer.readableBytesView }
        }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    @Test func slowReaderKeepsNobodyWaiting() async throws {
        let builder = TrialBuilder(.gate)
        try await Trial.run(builder) { trial in
            let id = try await trial.post(sample).id
            let stream = LogStream(
                service: trial.service, id: id, trustDomain: EnvironmentNeeds.everybody, start: 0)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (started, continuation) = AsyncStream.makeStream(of: Void.self)
                let stuck = Task {
                    var writer: any ResponseBodyWriter = Stuck(began: { continuation.yield() })
                    try await stream.write(to: &writer)
                }
                for await _ in started { break }
                let texts = (0..<20).map { _ in Text() }
                for text in texts {
                    group.addTask {
                        var writer: any ResponseBodyWriter = Collecting(text: text)
                        try await stream.write(to: &writer)
                    }
                }
                await builder.open()
                try await group.waitForAll()
                for text in texts {
                    let all = String(decoding: text.bytes.withLock { $0 }, as: UTF8.self)
                    #expect(all.contains("id: 10\ndata: compiling\n\nid: 18\ndata: linking\n\n"))
                    #expect(all.contains("event: state\ndata: {"))
                }
                stuck.cancel()
            }
        }
    }
}
