/* Only carries the flags of pkg-config; nothing in Swift imports this module. */
