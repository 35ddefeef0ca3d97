internal import FoundationEssentials
internal import Posix

/// A real Chromium without a window, driven by WebDriver (W3C) through chromedriver.
public struct Browser: Sendable {
    private let machine: Machine
    private let driver: BackgroundProcess
    /// The address of the session.
    private let session: String

    /// Starts one on a machine, as large as a desktop's window, or as a telephone's screen.
    public static func open(on machine: Machine, width: Int, height: Int, isTelephone: Bool = false) async throws
        -> Browser
    {
        let port = try FreePort.find()
        let driver = try await machine.start(["/usr/bin/chromedriver", "--port=\(port)"])
        guard await driver.waitForLog("started successfully", timeout: .seconds(60)) else {
            let log = driver.log
            try await driver.stop()
            throw TestbedError.command("chromedriver", reason: log)
        }
        var options = Capabilities.Options(
            binary: "/usr/bin/chromium",
            args: [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars",
                "--window-size=\(width),\(height)", "--user-data-dir=\(machine.prefix)/var/tmp/browser-\(port)",
            ])
        if isTelephone {
            options.mobileEmulation = .init(deviceMetrics: .init(width: width, height: height, pixelRatio: 2))
        }
        let root = "http://127.0.0.1:\(port)/session"
        let plain = Browser(machine: machine, driver: driver, session: root)
        struct Opened: Decodable { let sessionId: String }
        do {
            let opened: Opened = try await plain.call(
                "POST", "", Capabilities(capabilities: .init(alwaysMatch: .init(options: options))))
            return Browser(machine: machine, driver: driver, session: "\(root)/\(opened.sessionId)")
        } catch {
            try await driver.stop()
            throw error
        }
    }

    /// Goes to an address.
    public func visit(_ address: String) async throws {
        struct Place: Encodable { let url: String }
        let _: Nothing = try await call("POST", "/url", Place(url: address))
    }

    /// Runs the body of a function in the page; returns its value as text.
    public func run(_ script: String) async throws -> String {
        struct Script: Encodable {
            let script: String
            let args: [String]
        }
        return try await call(
            "POST", "/execute/sync", Script(script: "return String((() => { \(script) })())", args: []))
    }

    /// Waits until an expression is true in the page; false when the time is over before.
    public func wait(for expression: String, timeout: Duration = .seconds(120)) async throws -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while clock.now < end {
            if try await run("return \(expression)") == "true" { return true }
            try await Task.sleep(for: .milliseconds(200))
        }
        return false
    }

    /// What the page shows now, as a PNG file on the host.
    public func screenshot(to path: String) async throws {
        let text: String = try await call("GET", "/screenshot", nil as Nothing?)
        guard let data = Data(base64Encoded: text) else {
            throw TestbedError.command("screenshot", reason: "no base64")
        }
        try Files.replace(path, with: Array(data))
    }

    /// The errors that the browser logged since the last call.
    public func errors() async throws -> [String] {
        struct Kind: Encodable { let type: String }
        struct Entry: Decodable {
            let level: String
            let message: String
        }
        let entries: [Entry] = try await call("POST", "/se/log", Kind(type: "browser"))
        return entries.filter { $0.level == "SEVERE" }.map(\.message)
    }

    /// Ends it.
    public func close() async throws {
        let _: Nothing? = try? await call("DELETE", "", nil as Nothing?)
        try await driver.stop()
    }

    private struct Nothing: Codable {
        init() {}
        init(from decoder: any Decoder) throws {}
    }

    private struct Reply<Value: Decodable>: Decodable { let value: Value }

    private func call<Value: Decodable>(_ method: String, _ path: String, _ body: (some Encodable)?) async throws
        -> Value
    {
        var arguments = [
            "/usr/bin/curl", "--silent", "--show-error", "--max-time", "120", "-X", method, session + path,
        ]
        var input = ""
        if let body {
            input = String(decoding: try JSONEncoder().encode(body), as: UTF8.self)
            arguments += ["-H", "Content-Type: application/json", "--data-binary", "@-"]
        }
        let output = try await machine.run(arguments, input: input, timeout: .seconds(150))
        do {
            return try JSONDecoder().decode(Reply<Value>.self, from: Data(output.stdout.utf8)).value
        } catch {
            throw TestbedError.command("WebDriver \(method) \(path)", reason: String(output.text.prefix(2000)))
        }
    }
}

/// What a session is asked for.
private struct Capabilities: Encodable {
    struct Set: Encodable { let alwaysMatch: Match }
    struct Match: Encodable {
        let options: Options
        let logging = ["browser": "ALL"]

        enum CodingKeys: String, CodingKey {
            case options = "goog:chromeOptions"
            case logging = "goog:loggingPrefs"
        }
    }
    struct Options: Encodable {
        let binary: String
        let args: [String]
        var mobileEmulation: Emulation?
    }
    struct Emulation: Encodable { let deviceMetrics: Metrics }
    struct Metrics: Encodable {
        let width: Int
        let height: Int
        let pixelRatio: Double
    }

    let capabilities: Set
}
