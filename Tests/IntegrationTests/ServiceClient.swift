import BinpkgModel
import Posix
import Testbed

/// A client of the service in a few lines of Python: what Portage says of a package on a machine, as a request.
struct ServiceClient: Sendable {
    /// What came of a request.
    struct Reply: Sendable {
        /// The service's last answer, as JSON.
        let text: String
        /// The package file on the host; nil when there is none.
        let package: String?

        /// A text value of the answer.
        func value(_ key: String) -> String? {
            guard let start = text.firstRange(of: "\"\(key)\": \"")?.upperBound else { return nil }
            return String(text[start...].prefix { $0 != "\"" })
        }
    }

    let machine: Machine
    let url: String

    /// Asks for a package and waits for at most 200 s.
    func ask(_ cpv: String, wait: Int = 200, accuracy: String = "abi") async throws -> Reply {
        let script = machine.prefix + "/ask.py"
        try machine.write("ask.py", Self.script)
        let program = machine.prefix + "/usr/bin/portmanteau-under-test"
        if !Files.exists(machine.path("usr/bin/portmanteau-under-test")) {
            _ = try await machine.run(["ln", "-s", "../libexec/portmanteau/portmanteau", program])
        }
        try Files.removeTree(machine.path("got.gpkg.tar"))
        let output = try await machine.run(
            ["/usr/bin/python3", script, program, url, cpv, machine.prefix + "/got.gpkg.tar", "\(wait)", accuracy],
            timeout: .seconds(300))
        guard output.succeeded else { throw TestbedError.command("ask.py \(cpv)", reason: output.text) }
        let package = machine.path("got.gpkg.tar")
        return Reply(text: output.stdout, package: Files.exists(package) ? package : nil)
    }

    private static let script = #"""
        import hashlib, json, subprocess, sys, urllib.request

        program, url, cpv, target, wait, accuracy = sys.argv[1:]
        names = "\#(BuildRequest.allowedVariables.sorted().joined(separator: " "))".split()
        question = {"cpv": cpv, "repository": None, "use_override": None, "variables": names}
        answer = subprocess.run([program, "portage-call", "key_inputs", json.dumps(question)], check=True, stdout=-1)
        k = json.loads(answer.stdout)
        content, bodies = [], {}
        def add(role, name, path):
            with open(path, "rb") as file:
                body = file.read()
            digest = hashlib.sha256(body).hexdigest()
            bodies[digest] = body
            content.append({"role": role, "name": name, "sha256": digest, "size": len(body)})
        add("ebuild", k["ebuild"].rsplit("/", 1)[1], k["ebuild"])
        for file in k["eclasses"]: add("eclass", file["name"] + ".eclass", file["path"])
        for file in k["files"]: add("files", file["name"], file["path"])
        if k["manifest"]: add("manifest", "Manifest", k["manifest"])
        for file in k["patches"]: add("patch", file["name"], file["path"])
        for file in k["bashrcs"]: add("bashrc", file["name"].replace("user:", "").replace("profile:", "profile/"), file["path"])
        for file in k["envs"]: add("env", file["name"], file["path"])
        k["variables"] = {name: " ".join(value.split()) for name, value in k["variables"].items()}
        request = {name: k[name] for name in (
            "cpv repository eapi use iuse chost cbuild eprefix tmpdir variables features libc").split()}
        request.update(version=1, slot=k["slot"] + "/" + k["subSlot"], profile=k["profileDigest"], content=content,
            accuracy=accuracy)
        for name in ("buildDependencies", "toolchain"):
            request[name] = [
                {"cpv": d["cpv"], "slot": d["slot"] + "/" + d["subSlot"], "use": d["use"], "content": d["content"]}
                for d in k[name]]
        def call(method, path, body=None):
            with urllib.request.urlopen(urllib.request.Request(url + path, body, method=method), timeout=250) as reply:
                return reply.read()
        body = json.dumps(request).encode()
        reply = json.loads(call("POST", "/v1/requests", body))
        if reply["missing"]:
            for digest in reply["missing"]: call("PUT", "/v1/content/" + digest, bodies[digest])
            print("sent", len(reply["missing"]))
            reply = json.loads(call("POST", "/v1/requests", body))
        reply = json.loads(call("GET", f"/v1/requests/{reply['id']}?wait={wait}"))
        if reply["state"] == "ready":
            with open(target, "wb") as file: file.write(call("GET", "/v1/artifacts/" + reply["artifact"]))
        print(json.dumps(reply))
        """#
}
