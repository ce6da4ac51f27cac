/**
 * Fonts of the device. A style without `glyphs` lets MapLibre draw every letter itself, so that no glyph is
 * fetched; it takes the weight from the first name.
 */
export const FONTS = ['Noto Sans JP Bold', 'Noto Sans JP', 'Noto Sans CJK JP', 'Hiragino Sans', 'Meiryo'];

/** The same, for names that stand back behind others. */
export const LIGHT_FONTS = ['Noto Sans JP', 'Noto Sans CJK JP', 'Hiragino Sans', 'Meiryo'];
