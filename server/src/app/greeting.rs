//! What a node says on standard output when it is there.

use std::io::Write;
use std::net::SocketAddr;

use crate::identity::demo::Demo;
use crate::region::Region;

/// Says where the node is: for the person, and for programs that wait for the line.
///
/// # Errors
/// If standard output cannot be written.
pub(super) fn greet(address: SocketAddr, demo: Option<&Demo>, region: &Region) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if let Some(demo) = demo {
        print_demo(&mut out, address, demo, region)?;
    }
    writeln!(out, "listening on http://{address}")?;
    out.flush()?;
    Ok(())
}

fn print_demo(out: &mut impl Write, address: SocketAddr, demo: &Demo, region: &Region) -> std::io::Result<()> {
    let name = |code| region.office(code).map_or("", |office| office.name.as_str());
    writeln!(out, "\nSokuho 速報\n")?;
    writeln!(out, "  residents 住民      http://{address}/")?;
    writeln!(out, "  field 現場          http://{address}/field")?;
    writeln!(out, "  console 受付        http://{address}/console")?;
    writeln!(out, "  API                 http://{address}/api/docs")?;
    writeln!(out, "  GIS (QGIS, GDAL)    http://{address}/ogc")?;
    if !demo.walls.is_empty() {
        writeln!(out, "\nWall displays 壁面表示 (each address holds its token)")?;
        for (office, token) in &demo.walls {
            writeln!(out, "  {office} {}\n    http://{address}/wall#token={token}", name(office))?;
        }
    }
    if !demo.made.is_empty() {
        writeln!(out, "\nDemonstration accounts 体験用アカウント (printed this once)")?;
        writeln!(out, "  {:<28} {:<16} role, works for, lives in", "account", "password")?;
        for (account, password) in &demo.made {
            let staff = &account.staff;
            let home = staff.home_office.as_ref().map_or("-", |home| home.as_str());
            let role = serde_json::to_value(staff.role).ok();
            let role = role.as_ref().and_then(|role| role.as_str()).unwrap_or_default();
            writeln!(
                out,
                "  {:<28} {:<16} {role}, {} {}, {home}",
                account.name,
                password,
                staff.work_office,
                name(&staff.work_office)
            )?;
        }
    }
    writeln!(out)
}
