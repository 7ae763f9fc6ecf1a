import CCairo

/// Why nothing could be drawn; what was not drawn must not be called shown.
struct DrawingError: Error, CustomStringConvertible {
    let description: String
}

/// Pixels of 8-bit alpha, red, green and blue in one native word, alpha multiplied in: what cairo calls ARGB32 and
/// Wayland ARGB8888. Someone else's memory, of 4 × width bytes a row.
struct Canvas {
    let pixels: UnsafeMutableRawPointer
    let width: Int
    let height: Int

    /// - Parameter scale: pixels per unit of what `body` draws in.
    func draw(scale: Double, _ body: (Pen) -> Void) throws(DrawingError) {
        let surface = cairo_image_surface_create_for_data(
            pixels.assumingMemoryBound(to: UInt8.self), CAIRO_FORMAT_ARGB32, Int32(width), Int32(height),
            Int32(width * 4))
        defer { cairo_surface_destroy(surface) }
        let context = cairo_create(surface)
        defer { cairo_destroy(context) }
        cairo_scale(context, scale, scale)
        body(Pen(context))
        cairo_surface_flush(surface)
        // cairo keeps the first trouble and draws nothing after it.
        let status = cairo_status(context)
        guard status == CAIRO_STATUS_SUCCESS else {
            throw DrawingError(description: "cannot draw: \(String(cString: cairo_status_to_string(status)))")
        }
    }
}

struct Color {
    var red: Double
    var green: Double
    var blue: Double
    var alpha = 1.0
}

/// A cairo context in the midst of a drawing.
struct Pen {
    private let context: OpaquePointer?

    fileprivate init(_ context: OpaquePointer?) {
        self.context = context
        cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        let options = cairo_font_options_create()
        // Subpixel order would show as colour on what is not opaque. Unhinted widths are the same at every scale.
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
    }

    func use(_ color: Color) { cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha) }

    func fillRectangle(x: Double, y: Double, width: Double, height: Double, radius: Double = 0) {
        outline(x: x, y: y, width: width, height: height, radius: radius)
        cairo_fill(context)
    }

    func strokeRectangle(x: Double, y: Double, width: Double, height: Double, radius: Double, line: Double) {
        outline(x: x, y: y, width: width, height: height, radius: radius)
        cairo_set_line_width(context, line)
        cairo_stroke(context)
    }

    private func outline(x: Double, y: Double, width: Double, height: Double, radius: Double) {
        let quarter = Double.pi / 2
        cairo_new_sub_path(context)
        cairo_arc(context, x + width - radius, y + radius, radius, -quarter, 0)
        cairo_arc(context, x + width - radius, y + height - radius, radius, 0, quarter)
        cairo_arc(context, x + radius, y + height - radius, radius, quarter, 2 * quarter)
        cairo_arc(context, x + radius, y + radius, radius, 2 * quarter, 3 * quarter)
        cairo_close_path(context)
    }

    func fillCircle(x: Double, y: Double, radius: Double) {
        cairo_arc(context, x, y, radius, 0, 2 * Double.pi)
        cairo_fill(context)
    }

    func strokeCircle(x: Double, y: Double, radius: Double, line: Double) {
        cairo_arc(context, x, y, radius, 0, 2 * Double.pi)
        cairo_set_line_width(context, line)
        cairo_stroke(context)
    }

    func strokeLine(from: (x: Double, y: Double), to: (x: Double, y: Double), line: Double) {
        cairo_move_to(context, from.x, from.y)
        cairo_line_to(context, to.x, to.y)
        cairo_set_line_width(context, line)
        cairo_stroke(context)
    }

    /// With its baseline at y.
    func write(_ text: String, x: Double, y: Double, size: Double) {
        cairo_set_font_size(context, size)
        cairo_move_to(context, x, y)
        cairo_show_text(context, text)
    }

    func width(of text: String, size: Double) -> Double {
        var extents = cairo_text_extents_t()
        cairo_set_font_size(context, size)
        cairo_text_extents(context, text, &extents)
        return extents.x_advance
    }
}
