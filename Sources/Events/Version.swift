/// The version of the package; the CHANGELOG's newest heading.
public let kymographVersion = "0.1.0"
