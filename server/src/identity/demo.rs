//! Accounts and wall tokens for a demonstration of any region. Passwords are random, made on first run
//! and told once; what exists already is left alone.

use std::collections::HashSet;

use super::error::IdentityError;
use super::registry::{Account, NewAccount, Registry};
use crate::audit::By;
use crate::domain::clock::Entropy;
use crate::domain::office::{Office, OfficeCode, OfficeKind};
use crate::domain::staff::Role;

/// Label of the demonstration's wall tokens.
const LABEL: &str = "demo";

fn by() -> By {
    By { reason: Some("demonstration".to_owned()), ..By::node() }
}

/// What the demonstration has.
#[derive(Clone)]
pub struct Demo {
    /// Accounts made now, with their passwords, which are told only this once. Empty on a later run.
    pub made: Vec<(Account, String)>,
    /// A wall token for every office, the same on every run.
    pub walls: Vec<(OfficeCode, String)>,
}

/// Sees to it that the demonstration's accounts exist: for every municipality a field staffer, who lives
/// in a neighbouring municipality, and an operator; for every branch office of the prefecture an
/// operator; and one admin. Does the same for a wall token of every office.
///
/// # Errors
/// Those of [`Registry::add_account`] and [`Registry::make_wall_token`].
pub async fn ensure(registry: &Registry, offices: &[Office]) -> Result<Demo, IdentityError> {
    let known: HashSet<String> = registry.accounts().await?.into_iter().map(|a| a.name).collect();
    let mut made = Vec::new();
    for new in planned(offices).into_iter().filter(|plan| !known.contains(&plan.name)) {
        let password = password(registry.entropy.as_ref());
        let account = registry.add_account(NewAccount { password: password.clone(), ..new }, &by()).await?;
        made.push((account, password));
    }
    Ok(Demo { made, walls: walls(registry, offices).await? })
}

async fn walls(registry: &Registry, offices: &[Office]) -> Result<Vec<(OfficeCode, String)>, IdentityError> {
    let now = registry.clock.now();
    let mut existing = registry.wall_tokens().await?;
    existing.retain(|wall| wall.label == LABEL && wall.revoked_at.is_none() && wall.expires_at > now);
    let mut walls = Vec::with_capacity(offices.len());
    for office in offices {
        let token = match existing.iter().find(|wall| wall.office == office.code) {
            Some(wall) => registry.sign_wall_token(wall)?,
            None => registry.make_wall_token(office.code.clone(), LABEL, &by()).await?.1,
        };
        walls.push((office.code.clone(), token));
    }
    Ok(walls)
}

fn planned(offices: &[Office]) -> Vec<NewAccount> {
    let mut accounts = Vec::new();
    for (office, stem) in offices.iter().zip(stems(offices)) {
        let home = match office.kind {
            OfficeKind::Municipality => offices.iter().find(|o| office.neighbours.contains(&o.code)),
            OfficeKind::Prefecture => None,
        };
        if office.kind == OfficeKind::Municipality {
            let home = home.map(|o| o.code.clone());
            accounts.push(plan(
                &format!("{stem}-field"),
                format!("{} 現場担当", office.name),
                office,
                home,
                Role::Field,
            ));
        }
        let operator = format!("{} 本部担当", office.name);
        accounts.push(plan(&format!("{stem}-operator"), operator, office, None, Role::Operator));
    }
    let seat = offices.iter().find(|o| o.kind == OfficeKind::Prefecture).or(offices.first());
    if let Some(seat) = seat {
        accounts.push(plan("admin", "システム管理者".to_owned(), seat, None, Role::Admin));
    }
    accounts
}

fn plan(name: &str, display_name: String, office: &Office, home: Option<OfficeCode>, role: Role) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        display_name,
        password: String::new(),
        work_office: office.code.clone(),
        home_office: home,
        role,
    }
}

/// A short, readable stem for each office: a branch office's own suffix, else the English name without
/// the word for its rank; with the code behind it where two offices would have the same.
fn stems(offices: &[Office]) -> Vec<String> {
    let stems: Vec<String> = offices.iter().map(stem).collect();
    let unique = |stem: &String| stems.iter().filter(|other| *other == stem).count() == 1;
    let named = |(office, stem): (&Office, &String)| {
        if !stem.is_empty() && stem != "admin" && unique(stem) {
            stem.clone()
        } else {
            format!("{stem}-{}", office.code).trim_start_matches('-').to_owned()
        }
    };
    offices.iter().zip(&stems).map(named).collect()
}

fn stem(office: &Office) -> String {
    if let Some((_, suffix)) = office.code.as_str().split_once('-') {
        return suffix.to_owned();
    }
    let ranks = ["city", "town", "village", "shi", "machi", "cho", "mura", "son"];
    let english = office.english.to_ascii_lowercase();
    let words = english.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty() && !ranks.contains(w));
    let stem: String = words.collect::<Vec<_>>().join("-");
    stem.chars().take(32).collect()
}

/// 80 random bits as four groups of four letters and digits, none of which looks like another.
fn password(entropy: &dyn Entropy) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = [0_u8; 16];
    entropy.fill(&mut random);
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups: Vec<String> = random.chunks(4).map(|group| group.iter().map(letter).collect()).collect();
    groups.join("-")
}
