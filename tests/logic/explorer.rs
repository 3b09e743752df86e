// SPDX-License-Identifier: GPL-2.0

//! Explores every state of a small model, and finds out whether anybody can be made to wait for
//! ever.
//!
//! A process owes some of its steps: I/O in flight completes, who was woken tries again. Others it
//! may leave out for ever, such as beginning something. A process *starves* if there is an endless
//! run in which it waits all the time although every step that is owed is taken, or is at times not
//! possible (weak fairness). Such a run exists exactly if, among the states in which the process
//! waits, there is one with nothing owed, or a strongly connected component in which each owed step
//! is taken or is somewhere not possible.

use std::{
    collections::{
        BTreeSet,
        HashMap, //
    },
    fmt::Debug,
    hash::Hash, //
};

/// One way on from a state.
#[derive(Clone, Debug)]
pub struct Step<S> {
    /// The step's number if it is owed.
    pub owed: Option<usize>,
    pub next: S,
}

/// What is explored.
pub trait Model {
    type State: Clone + Debug + Eq + Hash;

    fn initial(&self) -> Self::State;
    fn steps(&self, state: &Self::State) -> Vec<Step<Self::State>>;
    /// Panics if the state must not be.
    fn check(&self, state: &Self::State);
    /// Nobody holds or waits for anything.
    fn at_rest(&self, state: &Self::State) -> bool;
    /// The processes that wait, by number.
    fn waiting(&self, state: &Self::State) -> BTreeSet<usize>;
}

/// What was found wrong.
#[derive(Debug, PartialEq, Eq)]
pub enum Wrong {
    /// From some state there is no way back to rest.
    Stuck,
    /// This process can wait for ever.
    Starves(usize),
}

/// All states, by number.
pub struct Graph<S> {
    pub states: Vec<S>,
    /// For each state the ways on: what is owed, and the number of the next state.
    edges: Vec<Vec<(Option<usize>, usize)>>,
}

/// Finds all states, checks each.
pub fn explore<M: Model>(model: &M) -> Graph<M::State> {
    let mut graph = Graph {
        states: vec![model.initial()],
        edges: Vec::new(),
    };
    let mut numbers = HashMap::from([(model.initial(), 0)]);
    while graph.edges.len() < graph.states.len() {
        let state = graph.states[graph.edges.len()].clone();
        model.check(&state);
        let mut ways = Vec::new();
        for Step { owed, next } in model.steps(&state) {
            let number = *numbers.entry(next.clone()).or_insert_with(|| {
                graph.states.push(next);
                graph.states.len() - 1
            });
            ways.push((owed, number));
        }
        graph.edges.push(ways);
    }
    graph
}

/// Explores, and looks for states without a way back and for processes that starve.
pub fn judge<M: Model>(model: &M) -> Result<usize, Wrong> {
    let graph = explore(model);
    if !all_can_rest(model, &graph) {
        return Err(Wrong::Stuck);
    }
    let everybody: BTreeSet<usize> = graph
        .states
        .iter()
        .flat_map(|state| model.waiting(state))
        .collect();
    for process in everybody {
        let waits: Vec<bool> = graph
            .states
            .iter()
            .map(|state| model.waiting(state).contains(&process))
            .collect();
        if starves(&graph.edges, &waits) {
            return Err(Wrong::Starves(process));
        }
    }
    Ok(graph.states.len())
}

fn all_can_rest<M: Model>(model: &M, graph: &Graph<M::State>) -> bool {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); graph.states.len()];
    for (from, ways) in graph.edges.iter().enumerate() {
        for (_, to) in ways {
            back[*to].push(from);
        }
    }
    let mut can: Vec<bool> = graph
        .states
        .iter()
        .map(|state| model.at_rest(state))
        .collect();
    let mut pending: Vec<usize> = (0..can.len()).filter(|state| can[*state]).collect();
    while let Some(state) = pending.pop() {
        for from in &back[state] {
            if !std::mem::replace(&mut can[*from], true) {
                pending.push(*from);
            }
        }
    }
    can.into_iter().all(|can| can)
}

fn starves(edges: &[Vec<(Option<usize>, usize)>], waits: &[bool]) -> bool {
    let owed = |state: usize| -> BTreeSet<usize> {
        edges[state].iter().filter_map(|(owed, _)| *owed).collect()
    };
    // Nothing need happen any more.
    if (0..edges.len()).any(|state| waits[state] && owed(state).is_empty()) {
        return true;
    }
    components(edges, waits).into_iter().any(|component| {
        let inside: BTreeSet<usize> = component.iter().copied().collect();
        let ways = || {
            component
                .iter()
                .flat_map(|state| &edges[*state])
                .filter(|(_, to)| inside.contains(to))
        };
        if ways().next().is_none() {
            return false;
        }
        let taken: BTreeSet<usize> = ways().filter_map(|(owed, _)| *owed).collect();
        let always = component
            .iter()
            .map(|state| owed(*state))
            .reduce(|a, b| &a & &b);
        always.is_some_and(|always| always.is_subset(&taken))
    })
}

/// The strongly connected components among the states that `within` selects (Tarjan).
fn components(edges: &[Vec<(Option<usize>, usize)>], within: &[bool]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let mut order = vec![NEW; edges.len()];
    let mut low = vec![NEW; edges.len()];
    let mut open = vec![false; edges.len()];
    let mut stack = Vec::new();
    let mut found = Vec::new();
    let mut counter = 0;
    for root in (0..edges.len()).filter(|state| within[*state]) {
        if order[root] != NEW {
            continue;
        }
        // The recursion of the textbook, with a stack of its own: (state, next way to look at).
        let mut calls = vec![(root, 0)];
        while let Some((state, way)) = calls.pop() {
            if way == 0 {
                order[state] = counter;
                low[state] = counter;
                counter += 1;
                stack.push(state);
                open[state] = true;
            }
            match edges[state].get(way) {
                Some((_, to)) => {
                    calls.push((state, way + 1));
                    if within[*to] && order[*to] == NEW {
                        calls.push((*to, 0));
                    } else if within[*to] && open[*to] {
                        low[state] = low[state].min(order[*to]);
                    }
                }
                None => {
                    if low[state] == order[state] {
                        let from = stack
                            .iter()
                            .position(|s| *s == state)
                            .expect("on the stack");
                        let component = stack.split_off(from);
                        component.iter().for_each(|s| open[*s] = false);
                        found.push(component);
                    }
                    if let Some((caller, _)) = calls.last() {
                        low[*caller] = low[*caller].min(low[state]);
                    }
                }
            }
        }
    }
    found
}

/// A toy: a process that waits for a light, which may be broken in several ways.
mod tests {
    use super::*;

    struct Light {
        /// Someone switches it on sooner or later.
        owed: bool,
        /// It goes off again, so that who looks at the wrong moments never sees it.
        blinks: bool,
    }

    impl Model for Light {
        /// On; has seen it.
        type State = (bool, bool);

        fn initial(&self) -> Self::State {
            (false, false)
        }

        fn steps(&self, (on, seen): &Self::State) -> Vec<Step<Self::State>> {
            let mut steps = vec![Step {
                owed: Some(0),
                next: (*on, *seen || *on),
            }];
            if !on {
                steps.push(Step {
                    owed: self.owed.then_some(1),
                    next: (true, *seen),
                });
            } else if self.blinks {
                steps.push(Step {
                    owed: None,
                    next: (false, *seen),
                });
            }
            steps
        }

        fn check(&self, _: &Self::State) {}

        fn at_rest(&self, (_, seen): &Self::State) -> bool {
            *seen
        }

        fn waiting(&self, (_, seen): &Self::State) -> BTreeSet<usize> {
            if *seen {
                BTreeSet::new()
            } else {
                BTreeSet::from([7])
            }
        }
    }

    #[test]
    fn the_explorer_knows_a_fair_run() {
        let judge = |owed, blinks| judge(&Light { owed, blinks });
        assert_eq!(judge(true, false), Ok(3));
        assert_eq!(judge(false, false), Err(Wrong::Starves(7)));
        assert_eq!(judge(true, true), Err(Wrong::Starves(7)));
    }
}
