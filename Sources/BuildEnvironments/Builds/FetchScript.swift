/// The program that fetches distfiles: Portage's fetcher, called with names, addresses and digests. No digest, no file.
///
/// Its argument is a file of JSON: `orders`, and `allowed`, the hosts of local networks that may be used; null when all may.
enum FetchScript {
    /// Looks up what the host of an address stands for just now, without needing Portage.
    static let lookUp = """
        import ipaddress
        import socket
        from urllib.parse import urlsplit


        def inner_address(uri, allowed):
            \"\"\"What an address leads to, if that is no public place; None if it is one, or nobody knows.\"\"\"
            parts = urlsplit(uri)
            host = (parts.hostname or "").rstrip(".")
            if allowed is None or parts.scheme.endswith("mirror") or not host or host in allowed:
                return None
            try:
                found = socket.getaddrinfo(host, None)
            except (OSError, UnicodeError):
                return None
            for entry in found:
                address = ipaddress.ip_address(entry[4][0].partition("%")[0])
                if not (getattr(address, "ipv4_mapped", None) or address).is_global or address.is_multicast:
                    return entry[4][0]
            return None

        """

    /// The whole program.
    static let text =
        "import json\nimport sys\n" + lookUp + """


            import portage
            from portage.package.ebuild.fetch import fetch

            with open(sys.argv[1], encoding="utf-8") as file:
                content = json.load(file)
            for order in content["orders"]:
                for uri in (uri for file in order["files"] for uri in file["uris"]):
                    address = inner_address(uri, content["allowed"])
                    if address:
                        sys.exit(f"!!! {uri} leads to {address}, which is no public place: not fetched for a client")
            settings = portage.config(clone=portage.settings)
            settings.unlock()
            for order in content["orders"]:
                settings["PORTAGE_RESTRICT"] = " ".join(order["restrict"])
                settings.backup_changes("PORTAGE_RESTRICT")
                digests = {}
                for file in order["files"]:
                    digests[file["name"]] = dict(file["hashes"])
                    if file.get("size") is not None:
                        digests[file["name"]]["size"] = file["size"]
                wanted = {file["name"]: file["uris"] for file in order["files"]}
                if not fetch(wanted, settings, digests=digests, allow_missing_digests=False):
                    sys.exit(1)

            """
}
