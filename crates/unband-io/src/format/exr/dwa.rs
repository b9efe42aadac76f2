//! Size check for chunks of `OpenEXR`'s DWA compression.
//!
//! Without it, the decoder would allocate the declared sizes unchecked.
//!
//! Source: `OpenEXR` 3, `internal_dwa_compressor.h` (`DataSizesSingle`).

use std::io::Cursor;

use exr::block::chunk::CompressedBlock;
use exr::meta::BlockDescription;
use exr::meta::header::Header;
use exr::prelude::Compression;

use crate::Error;

/// Bytes that a small chunk may take regardless of its size.
const SLACK: u64 = 1 << 16;

/// Rejects a chunk that declares far more data than its samples need.
///
/// # Errors
/// Such a chunk, and files whose chunks cannot be read.
pub(super) fn check(bytes: &[u8], header: &Header) -> Result<(), Error> {
    if !matches!(header.compression, Compression::DWAA(_) | Compression::DWAB(_)) {
        return Ok(());
    }
    let (columns, rows) = match header.blocks {
        BlockDescription::ScanLines => (header.layer_size.x(), header.compression.scan_lines_per_block()),
        BlockDescription::Tiles(tiles) => (tiles.tile_size.x(), tiles.tile_size.y()),
    };
    // Blocks of 8×8 may extend past the edges.
    let samples = (columns as u64 + 8).saturating_mul(rows as u64 + 8);
    let most = samples.saturating_mul(8 * header.channels.list.len() as u64).saturating_add(SLACK);
    let reader = exr::block::read(Cursor::new(bytes), false).map_err(super::wrong)?;
    let largest =
        |tile: &exr::block::chunk::TileCoordinates| tile.level_index.x() == 0 && tile.level_index.y() == 0;
    let chunks = reader.filter_chunks(false, |_, tile, _| largest(&tile)).map_err(super::wrong)?;
    let (width, height) = (header.layer_size.x(), header.layer_size.y());
    let top = i64::from(header.own_attributes.layer_position.y());
    for chunk in chunks {
        let (data, size) = match chunk.map_err(super::wrong)?.compressed_block {
            CompressedBlock::ScanLine(block) => {
                let above = usize::try_from(i64::from(block.y_coordinate) - top).unwrap_or(height);
                (block.compressed_pixels_le, (width, rows.min(height.saturating_sub(above))))
            }
            CompressedBlock::Tile(block) => {
                let at = block.coordinates.tile_index;
                let left =
                    |all: usize, side: usize, i: usize| side.min(all.saturating_sub(i.saturating_mul(side)));
                (block.compressed_pixels_le, (left(width, columns, at.x()), left(height, rows, at.y())))
            }
            CompressedBlock::DeepScanLine(_) | CompressedBlock::DeepTile(_) => continue,
        };
        if data.len() == size.0.saturating_mul(size.1).saturating_mul(header.channels.bytes_per_pixel) {
            // Uncompressed samples.
            continue;
        }
        // A version, then sizes; the last field is a compression type.
        let numbers = data.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number));
        if numbers.skip(1).take(9).any(|size| size > most) {
            return Err(Error::damaged(super::NAME, "a chunk declares more samples than it has"));
        }
    }
    Ok(())
}
