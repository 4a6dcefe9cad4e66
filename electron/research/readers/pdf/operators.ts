/**
 * Numbers of pdf.js's operator list (its OPS table, version 5.6), and of the steps of a path (DrawOPS). They are pdf.js's
 * interface between its own threads; a test holds this copy against the library.
 */
export const operators = {
  setGState: 9, save: 10, restore: 11, transform: 12, fill: 22, eoFill: 23, fillStroke: 24, eoFillStroke: 25, closeFillStroke: 26, closeEOFillStroke: 27,
  clip: 29, eoClip: 30, beginText: 31, setCharSpacing: 33, setWordSpacing: 34, setHScale: 35, setLeading: 36, setFont: 37, setTextRenderingMode: 38, setTextRise: 39,
  moveText: 40, setLeadingMoveText: 41, setTextMatrix: 42, nextLine: 43, showText: 44, showSpacedText: 45, nextLineShowText: 46, nextLineSetSpacingShowText: 47,
  setStrokeColorN: 53, setFillColorN: 55, setStrokeRGBColor: 58, setFillRGBColor: 59, beginMarkedContent: 69, beginMarkedContentProps: 70, endMarkedContent: 71,
  paintFormXObjectBegin: 74, paintFormXObjectEnd: 75, beginGroup: 76, endGroup: 77, constructPath: 91, setStrokeTransparent: 92, setFillTransparent: 93,
} as const;

export const pathSteps = { moveTo: 0, lineTo: 1, curveTo: 2, quadraticCurveTo: 3, closePath: 4 } as const;
