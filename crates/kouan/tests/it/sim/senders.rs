//! The firms: what they send, when they send it again, and what they make of the answers.

use clearance::intake::{Answer, NotTaken};
use kernel::Clock;

use super::letter::{Letter, Told, ToldItem};
use super::plan::KEYS_PER_LETTER;
use super::world::{Course, Try, World};

impl World {
    /// Whether a letter may be sent now. One thing at a time about one document, or nobody could
    /// say what was meant.
    fn may_send(&self, n: usize) -> bool {
        let letter = &self.letters[n];
        let settled = |other: &usize| !self.letters[*other].open;
        let free = self.letters.iter().enumerate().all(|(other_n, other)| {
            other_n == n || !other.in_doubt || other.noise.is_some() || !other.shares(letter)
        });
        letter.open
            && letter.not_before <= self.clock.now()
            && (letter.tries > 0 || letter.after.iter().all(settled))
            && free
    }

    /// The letters that may be sent now.
    pub(super) fn sendable(&self) -> Vec<usize> {
        (0..self.letters.len())
            .filter(|n| self.may_send(*n) && self.tries.iter().all(|one| one.letter != *n))
            .collect()
    }

    pub(super) fn hand_in_something(&mut self) -> Course {
        if self.chance.percent(8) {
            self.repeat_something();
        }
        if self.chance.percent(4) {
            self.steal_a_key()?;
        }
        let sendable = self.sendable();
        if sendable.is_empty() {
            return Ok(());
        }
        let n = self.chance.pick(&sendable);
        self.hand_in(n)
    }

    /// A letter that was answered long ago comes again: the network, or a firm that forgot.
    fn repeat_something(&mut self) {
        // What was taken in part would be taken further.
        let whole = |letter: &Letter| letter.told.as_ref().is_some_and(Told::is_whole);
        let settled: Vec<usize> = (0..self.letters.len())
            .filter(|n| !self.letters[*n].open && whole(&self.letters[*n]))
            .collect();
        if settled.is_empty() {
            return;
        }
        let n = self.chance.pick(&settled);
        let letter = &mut self.letters[n];
        letter.open = true;
        match self.chance.below(3) {
            0 => letter.key = None,
            1 => letter.key = Some(n * KEYS_PER_LETTER + self.chance.below(KEYS_PER_LETTER)),
            _ => {}
        }
        self.say(format!("letter {n} will come again"));
    }

    pub(super) fn hand_in(&mut self, n: usize) -> Course {
        let submission = self.letters[n].submission(&self.parcels);
        if self.letters[n].tries == 0 {
            self.model.sent(&self.letters[n]);
        }
        let letter = &mut self.letters[n];
        letter.tries += 1;
        letter.in_doubt = true;
        let mark = letter.mark();
        let key = letter.key.filter(|_| mark.is_some());
        let about: Vec<String> = letter
            .docs
            .iter()
            .map(|doc| {
                let version = &doc.version;
                format!("{}:{}{:?}v{}", doc.parcel, version.act, version.flaw, version.note)
            })
            .collect();
        let line = format!(
            "letter {n} {} {:?}{} key {:?}: {}",
            letter.kind.word(),
            letter.form,
            letter.noise.map_or(String::new(), |noise| format!(" {noise:?}")),
            letter.key.filter(|_| letter.named),
            about.join(" ")
        );
        match self.house().hands.hand_in(submission, mark) {
            Ok(waiting) => self.tries.push(Try { letter: n, key, waiting, stolen: false }),
            Err(not_taken) => return Err(self.broken(format!("{line}: {not_taken}"))),
        }
        self.say(line);
        Ok(())
    }

    /// A sender stops waiting; it will ask again under the same key, another, or none.
    pub(super) fn lose_patience(&mut self) {
        if self.tries.is_empty() || !self.chance.percent(self.rough.impatience * 4) {
            return;
        }
        let at = self.chance.below(self.tries.len());
        if self.tries[at].stolen {
            return;
        }
        let n = self.tries.swap_remove(at).letter;
        let letter = &mut self.letters[n];
        match self.chance.below(4) {
            0 => letter.key = None,
            1 => letter.key = Some(n * KEYS_PER_LETTER + self.chance.below(KEYS_PER_LETTER)),
            _ => {}
        }
        self.say(format!("the sender of letter {n} does not wait"));
    }

    /// Hears the answers that are there.
    pub(super) fn hear_answers(&mut self) -> Course {
        let mut open = Vec::new();
        for mut one in std::mem::take(&mut self.tries) {
            match one.waiting.answer() {
                None => open.push(one),
                Some(answer) if one.stolen => self.hear_of_theft(one.letter, answer)?,
                Some(answer) => self.hear(one.letter, one.key, answer)?,
            }
        }
        self.tries = open;
        Ok(())
    }

    /// Sends a letter under a key that its sender used for another.
    fn steal_a_key(&mut self) -> Course {
        let used = |letter: &Letter| letter.told_by_key.keys().next().copied();
        let keys: Vec<(usize, usize)> =
            (0..self.letters.len()).filter_map(|n| Some((n, used(&self.letters[n])?))).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let (owner, key) = self.chance.pick(&keys);
        let sender = self.letters[owner].sender();
        let others: Vec<usize> = (0..self.letters.len())
            .filter(|n| *n != owner && self.letters[*n].sender() == sender)
            .filter(|n| self.letters[*n].named && self.letters[*n].tries > 0)
            .collect();
        if others.is_empty() {
            return Ok(());
        }
        let n = self.chance.pick(&others);
        let submission = self.letters[n].submission(&self.parcels);
        let mark = self.letters[n].mark_under(key);
        self.say(format!("letter {n} comes under key {key} of letter {owner}"));
        if let Ok(waiting) = self.house().hands.hand_in(submission, Some(mark)) {
            self.tries.push(Try { letter: n, key: None, waiting, stolen: true });
        }
        Ok(())
    }

    fn hear_of_theft(&mut self, n: usize, answer: Result<Answer, NotTaken>) -> Course {
        match answer {
            Ok(answer) => {
                let what = format!("letter {n} was answered under another's key: {answer:?}");
                Err(self.broken(what))
            }
            Err(not_taken) => {
                self.say(format!("letter {n} under another's key: {not_taken}"));
                Ok(())
            }
        }
    }

    fn hear(&mut self, n: usize, key: Option<usize>, answer: Result<Answer, NotTaken>) -> Course {
        let answer = match answer {
            Ok(answer) => answer,
            Err(NotTaken::KeyReused) => {
                return Err(self.broken(format!("letter {n}: its key was used for something else")));
            }
            Err(not_taken) => {
                self.say(format!("letter {n}: {not_taken}"));
                return Ok(());
            }
        };
        let told = Told::of(&answer);
        let replayed = matches!(answer, Answer::Replayed { .. });
        let how = if replayed { "replayed, " } else { "" };
        let message = told.message.as_deref().unwrap_or_default();
        let line = format!("letter {n}: {how}{} {message} {}", told.status, told.codes.join(" "));
        self.say(line);
        self.weigh(n, key, &told, replayed)?;
        let letter = &mut self.letters[n];
        letter.open = false;
        letter.in_doubt = false;
        let first = letter.told.as_ref().is_none_or(|before| !before.took_something());
        if told.took_something() {
            if let Some(key) = key {
                letter.told_by_key.insert(key, told.clone());
            }
            if first || told.items.iter().any(ToldItem::is_taken_now) && !replayed {
                letter.messages.extend(told.message.clone());
            }
        }
        if first {
            letter.told = Some(told);
        }
        Ok(())
    }

    /// An answer must not contradict an earlier one to the same question.
    fn weigh(&mut self, n: usize, key: Option<usize>, told: &Told, replayed: bool) -> Course {
        let letter = &self.letters[n];
        let wrong = |what: &str| {
            let before = &letter.told;
            Err(self.broken(format!("letter {n}: {what}: {before:?}, now {told:?}")))
        };
        if letter.noise.is_some() && told.took_something() {
            return wrong("noise was taken");
        }
        if told.items.is_empty() && letter.noise.is_none() {
            return wrong("refused as a whole");
        }
        if let Some(before) = key.and_then(|key| letter.told_by_key.get(&key))
            && (!replayed || before != told)
        {
            return wrong("answered otherwise under the same key");
        }
        if let Some(before) = letter.told.as_ref().filter(|before| before.took_something()) {
            for (then, now) in before.items.iter().zip(&told.items) {
                if then.id.is_some() && now.id.is_some() && then.id != now.id {
                    return wrong("another id");
                }
                if then.id.is_some() && now.is_taken_now() && !replayed {
                    return wrong("taken twice");
                }
            }
            if told.status == "repeated"
                && !letter.messages.iter().any(|m| told.message.as_ref() == Some(m))
            {
                return wrong("a repeat of another message");
            }
        }
        self.model.told(n, &self.letters[n], told, replayed).map_err(|what| self.broken(what))
    }
}
