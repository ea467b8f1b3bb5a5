%% SPDX-License-Identifier: MIT
%%
%% peer_erlang.erl - the benchmarks in Erlang: processes and their mailboxes.
%%
%%     erl +S CORES:CORES -run peer_erlang main NAME CORES RUNS    prints one figure a line, in the unit of bench_core's
%%     erl -run peer_erlang main list                            prints the names
%%
%% Left out: compute, because 64-bit multiplication there is made of big integers and would be all that is measured; and
%% idle_handler: a process has a stack, as a body has; and scale_1e6, where making the processes takes most of a minute
%% and 3 GB. A mailbox has no bound, so the bounded buffer is a process that
%% lets a producer go on when there is room; so it is in the literature.
-module(peer_erlang).
-export([main/1]).

-define(RING, 503).
-define(PRODUCERS, 64).
-define(BOUND, 50).
-define(USERS, 10).
-define(TALKERS, 1000).
-define(BALLS, 16).

benches() ->
    [{"ping_pong", fun() -> circle(2, 4000000) end},
     {"ring", fun() -> circle(?RING, 4000000) end},
     {"one_to_one", fun() -> to_one(1, 4000000) end},
     {"many_to_one", fun() -> to_one(?PRODUCERS, 4000000) end},
     {"bounded_buffer", fun() -> bounded_buffer(1000000) end},
     {"many_to_many", fun() -> crowd(?TALKERS, fun talker/2, 1000) end},
     {"ask", fun() -> crowd(?TALKERS, fun asker/2, 500) end},
     {"fork_join", fun() -> fork_join(1000000) end},
     {"scale_10", fun() -> scale(10, 2000000) end},
     {"scale_1e3", fun() -> scale(1000, 2000000) end},
     {"scale_1e5", fun() -> scale(100000, 500000) end},
     {"idle_body", fun() -> idle(100000) end}].

main(["list"]) ->
    [io:format("~s~n", [Name]) || {Name, _} <- benches()],
    halt();
main([Name, _Cores, Runs]) -> % the cores are those of +S
    {Name, Run} = lists:keyfind(Name, 1, benches()),
    [io:format("~.2f~n", [fresh(Run)]) || _ <- lists:seq(1, list_to_integer(Runs))],
    halt().

%% Each run in a process of its own, so that it starts with an empty heap and mailbox; and what is in the mailbox is
%% not gone through by each of its garbage collections.
fresh(Run) ->
    {_, Monitor} = spawn_opt(fun() -> exit({figure, Run()}) end, [monitor, {message_queue_data, off_heap}]),
    receive {'DOWN', Monitor, process, _, {figure, Figure}} -> Figure end.

since(From, Count) ->
    erlang:convert_time_unit(erlang:monotonic_time() - From, native, nanosecond) / Count.

collect(0, _) -> ok;
collect(Count, Message) -> receive Message -> collect(Count - 1, Message) end.

%% ---- a few who talk -------------------------------------------------------------------

circle(Players, Hops) ->
    Parent = self(),
    Last = spawn(fun() -> receive {next, First} -> player(First, Parent) end end),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> player(Next, Parent) end) end, Last, lists:seq(2, Players)),
    Last ! {next, First},
    From = erlang:monotonic_time(),
    First ! Hops,
    collect(1, done),
    Figure = since(From, Hops),
    First ! stop,
    Figure.

player(Next, Parent) ->
    receive
        0 -> Parent ! done, player(Next, Parent);
        stop -> Next ! stop;
        Left -> Next ! Left - 1, player(Next, Parent)
    end.

to_one(Producers, Messages) ->
    Each = Messages div Producers,
    Parent = self(),
    Consumer = spawn_opt(fun() -> consume(Each * Producers, Parent) end, [{message_queue_data, off_heap}]),
    From = erlang:monotonic_time(),
    [spawn(fun() -> produce(Each, Consumer) end) || _ <- lists:seq(1, Producers)],
    collect(1, done),
    since(From, Each * Producers).

produce(0, _) -> ok;
produce(Left, To) -> To ! {parcel, Left, 0, 0, 0, 0}, produce(Left - 1, To).

consume(0, Parent) -> Parent ! done;
consume(Left, Parent) -> receive {parcel, _, _, _, _, _} -> consume(Left - 1, Parent) end.

%% The buffer holds at most BOUND items; a producer who finds it full gets his `more` when an item has gone.
bounded_buffer(Items) ->
    Parent = self(),
    Each = Items div ?USERS,
    Buffer = spawn(fun() -> buffer(queue:new(), 0, [], queue:new(), Each * ?USERS, Parent) end),
    From = erlang:monotonic_time(),
    [spawn(fun() -> buffer_producer(Each, Buffer) end) || _ <- lists:seq(1, ?USERS)],
    Consumers = [spawn(fun() -> Buffer ! {want, self()}, buffer_consumer(Buffer) end) || _ <- lists:seq(1, ?USERS)],
    collect(1, done),
    Figure = since(From, Each * ?USERS),
    [C ! stop || C <- Consumers],
    Figure.

buffer_producer(0, _) -> ok;
buffer_producer(Left, Buffer) ->
    Buffer ! {item, self(), {parcel, Left, 0, 0, 0, 0}},
    receive more -> buffer_producer(Left - 1, Buffer) end.

buffer_consumer(Buffer) ->
    receive
        stop -> ok;
        {parcel, _, _, _, _, _} -> Buffer ! {want, self()}, buffer_consumer(Buffer)
    end.

buffer(_, _, _, _, 0, Parent) -> Parent ! done;
buffer(Items, Size, Waiting, Producers, Left, Parent) ->
    receive
        {item, Producer, Item} ->
            case Waiting of
                [Consumer | Rest] ->
                    Consumer ! Item,
                    Producer ! more,
                    buffer(Items, Size, Rest, Producers, Left - 1, Parent);
                [] when Size < ?BOUND ->
                    Producer ! more,
                    buffer(queue:in(Item, Items), Size + 1, [], Producers, Left, Parent);
                [] ->
                    buffer(queue:in(Item, Items), Size + 1, [], queue:in(Producer, Producers), Left, Parent)
            end;
        {want, Consumer} ->
            case queue:out(Items) of
                {empty, _} ->
                    buffer(Items, Size, [Consumer | Waiting], Producers, Left, Parent);
                {{value, Item}, Rest} ->
                    Consumer ! Item,
                    buffer(Rest, Size - 1, Waiting, let_go(queue:out(Producers)), Left - 1, Parent)
            end
    end.

let_go({empty, Producers}) -> Producers;
let_go({{value, Producer}, Producers}) -> Producer ! more, Producers.

%% ---- many who know each other -----------------------------------------------------------

%% Everybody gets the table of all, then the word to begin; Each(State, Rounds) is one of them.
crowd(Size, Each, Rounds) ->
    Parent = self(),
    Members = [spawn(fun() -> receive {all, All} -> Each({All, Parent, I}, Rounds) end end) || I <- lists:seq(1, Size)],
    All = list_to_tuple(Members),
    [M ! {all, All} || M <- Members],
    collect(Size, ready),
    From = erlang:monotonic_time(),
    [M ! start || M <- Members],
    collect(Size, done),
    Figure = since(From, Size * Rounds),
    [M ! stop || M <- Members],
    Figure.

talker({All, Parent, I}, Rounds) ->
    Parent ! ready,
    receive start -> ok end,
    talk(All, Parent, ping(All, random(I) bor 1), Rounds).

ping(All, Random0) ->
    Random = random(Random0),
    element(below(Random, tuple_size(All)) + 1, All) ! {ping, self()},
    Random.

talk(All, Parent, Random, Left) ->
    receive
        {ping, From} -> From ! pong, talk(All, Parent, Random, Left);
        pong when Left > 1 -> talk(All, Parent, ping(All, Random), Left - 1);
        pong -> Parent ! done, talk(All, Parent, Random, 0);
        stop -> ok
    end.

%% A request as gen_server makes it, with a monitor that knows when the responder dies; and who waits answers meanwhile.
asker({All, Parent, I}, Rounds) ->
    Parent ! ready,
    receive start -> ok end,
    {Monitor, Random} = request(All, random(I) bor 1),
    ask(All, Parent, Monitor, Random, Rounds).

request(All, Random0) ->
    Random = random(Random0),
    case element(below(Random, tuple_size(All)) + 1, All) of
        Self when Self =:= self() -> request(All, Random); % nobody can monitor himself
        To ->
            Monitor = erlang:monitor(process, To, [{alias, demonitor}]),
            To ! {'$gen_call', Monitor, ping},
            {Monitor, Random}
    end.

ask(All, Parent, Monitor, Random, Left) ->
    receive
        {'$gen_call', From, ping} -> From ! {From, pong}, ask(All, Parent, Monitor, Random, Left);
        {Monitor, pong} ->
            erlang:demonitor(Monitor, [flush]),
            case Left of
                1 -> Parent ! done, ask(All, Parent, none, Random, 0);
                _ -> {Next, NextRandom} = request(All, Random), ask(All, Parent, Next, NextRandom, Left - 1)
            end;
        stop -> ok
    end.

%% 58 bits of the sequence: what fits into one word here.
random(X0) ->
    X1 = (X0 bxor (X0 bsl 13)) band 16#3ffffffffffffff,
    X2 = X1 bxor (X1 bsr 7),
    (X2 bxor (X2 bsl 17)) band 16#3ffffffffffffff.

below(X, Limit) -> ((X bsr 26) * Limit) bsr 32.

%% The table of all is a constant for everybody: a copy in each would be what is measured.
scale(Size, Hops0) ->
    Hops = Hops0 div ?BALLS,
    Parent = self(),
    Members = [spawn(fun() -> thrower(Parent) end) || _ <- lists:seq(1, Size)],
    persistent_term:put(all, list_to_tuple(Members)),
    From = erlang:monotonic_time(),
    [lists:nth(I rem min(Size, ?BALLS) + 1, Members) ! {Hops, random(I + 1)} || I <- lists:seq(1, ?BALLS)],
    collect(?BALLS, done),
    Figure = since(From, Hops * ?BALLS),
    [M ! stop || M <- Members],
    Figure.

thrower(Parent) ->
    receive
        stop -> ok;
        {0, _} -> Parent ! done, thrower(Parent);
        {Left, Random0} ->
            Random = random(Random0),
            All = persistent_term:get(all),
            element(below(Random, tuple_size(All)) + 1, All) ! {Left - 1, Random},
            thrower(Parent)
    end.

%% ---- what a process costs -----------------------------------------------------------------

fork_join(Count) ->
    From = erlang:monotonic_time(),
    fork(Count, self()),
    collect(Count, done),
    since(From, Count).

fork(0, _) -> ok;
fork(Left, Parent) ->
    spawn(fun() -> receive {ball, _} -> Parent ! done end end) ! {ball, Left},
    fork(Left - 1, Parent).

resident() ->
    {ok, Text} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:lexemes(Text, " "),
    binary_to_integer(Pages) * 4096.

idle(Count) ->
    Parent = self(),
    erlang:garbage_collect(),
    Before = resident(),
    All = [idle_one(Parent) || _ <- lists:seq(1, Count)],
    erlang:garbage_collect(),
    After = resident(),
    [Pid ! stop || Pid <- All],
    (After - Before) / Count.

idle_one(Parent) ->
    Pid = spawn(fun() -> idle_loop(Parent) end),
    Pid ! ball,
    receive handled -> Pid end.

idle_loop(Parent) ->
    receive
        ball -> Parent ! handled, idle_loop(Parent);
        stop -> ok
    end.
