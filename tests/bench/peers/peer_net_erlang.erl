%% SPDX-License-Identifier: MIT
%%
%% peer_net_erlang.erl - bench_net in Erlang: two nodes, and processes that send to each other.
%%
%%     erl -run peer_net_erlang main NAME CORES RUNS    prints one figure a line
%%     erl -run peer_net_erlang main list             prints the names
%%
%% main starts the two nodes, the far one and the near one, which measures. They meet over TCP on the loopback
%% interface, at a port that was free a moment ago, and without epmd, the daemon of names. The far one ends with the
%% connection. A message is a tuple with a binary. One way, the runtime suspends the sender while a megabyte waits to be
%% sent, which is its usual limit.
-module(peer_net_erlang).
-export([main/1, near/1, far/0]).

benches() ->
    [{"net_64", fun(Far) -> one_way(Far, 64, 500000) end},
     {"net_1k", fun(Far) -> one_way(Far, 1024, 200000) end},
     {"net_64k", fun(Far) -> one_way(Far, 65536, 10000) end},
     {"net_back", fun(Far) -> back(Far, 10000) end},
     {"net_back_loaded", fun(Far) -> loaded(Far, 2000) end}].

main(["list"]) ->
    [io:format("~s~n", [Name]) || {Name, _} <- benches()],
    halt();
main([Name, Cores, Runs]) ->
    [run(Name, Cores) || _ <- lists:seq(1, list_to_integer(Runs))],
    halt().

run(Name, Cores) ->
    Port = free_port(),
    Far = node(Port, Cores, "far", ["-run", ?MODULE_STRING, "far"]),
    "listening" = line_of(Far),
    Near = node(Port, Cores, "near", ["-dist_listen", "false", "-run", ?MODULE_STRING, "near", Name, os:getpid()]),
    io:format("~s~n", [line_of(Near)]),
    [receive {P, {exit_status, 0}} -> ok end || P <- [Near, Far]].

free_port() ->
    {ok, Socket} = gen_tcp:listen(0, [{ip, {127, 0, 0, 1}}]),
    {ok, Port} = inet:port(Socket),
    gen_tcp:close(Socket),
    integer_to_list(Port).

node(Port, Cores, Name, More) ->
    Args = ["-noinput", "+S", Cores ++ ":" ++ Cores, "-name", Name ++ os:getpid() ++ "@127.0.0.1",
            "-setcookie", "bench", "-start_epmd", "false", "-erl_epmd_port", Port,
            "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-pa", filename:dirname(code:which(?MODULE)) | More],
    open_port({spawn_executable, os:find_executable("erl")}, [{args, Args}, exit_status, {line, 100}]).

line_of(Port) ->
    receive {Port, {data, {eol, Line}}} -> Line end.

%% ---- the far node ------------------------------------------------------------------------

far() ->
    register(far, self()),
    io:format("listening~n"),
    receive {hello, Near} -> Near ! {far, self()} end,
    monitor_node(node(Near), true),
    serve().

%% What it is asked for runs in a process of its own: an order is a function's name and its arguments.
serve() ->
    receive
        {nodedown, _} -> halt();
        {start, {produce, To, Size, Count}} -> spawn(fun() -> produce(To, binary:copy(<<0>>, Size), Count) end), serve();
        {start, echo, From} -> From ! {started, spawn(fun echo/0)}, serve();
        {start, swallow, From} -> From ! {started, spawn(fun swallow/0)}, serve()
    end.

produce(_, _, 0) -> ok;
produce(To, Binary, Left) -> To ! {parcel, Binary}, produce(To, Binary, Left - 1).

echo() ->
    receive {ask, From, Ref, Binary} -> From ! {Ref, Binary}, echo() end.

swallow() ->
    receive {parcel, _} -> swallow() end.

%% ---- the near node -----------------------------------------------------------------------

near([Name, Launcher]) ->
    {far, list_to_atom("far" ++ Launcher ++ "@127.0.0.1")} ! {hello, self()},
    Far = receive {far, Pid} -> Pid end,
    {Name, Run} = lists:keyfind(Name, 1, benches()),
    Parent = self(),
    spawn_opt(fun() -> Parent ! {figure, Run(Far)} end, [{message_queue_data, off_heap}]),
    receive {figure, Figure} -> io:format("~s~n", [Figure]) end,
    halt().

since(From, Count) ->
    erlang:convert_time_unit(erlang:monotonic_time() - From, native, nanosecond) / Count.

text(Figure) ->
    io_lib:format("~.2f", [Figure]).

one_way(Far, Size, Count) ->
    From = erlang:monotonic_time(),
    Far ! {start, {produce, self(), Size, Count}},
    collect(Count),
    text(since(From, Count)).

collect(0) -> ok;
collect(Left) -> receive {parcel, _} -> collect(Left - 1) end.

started(Far, What) ->
    Far ! {start, What, self()},
    receive {started, Pid} -> Pid end.

back(Far, Rounds) ->
    text(ask_in_turn(started(Far, echo), Rounds)).

ask_in_turn(Echo, Rounds) ->
    Binary = binary:copy(<<0>>, 64),
    From = erlang:monotonic_time(),
    ask(Echo, Binary, Rounds),
    since(From, Rounds).

ask(_, _, 0) -> ok;
ask(Echo, Binary, Left) ->
    Ref = make_ref(),
    Echo ! {ask, self(), Ref, Binary},
    receive {Ref, _} -> ask(Echo, Binary, Left - 1) end.

loaded(Far, Rounds) ->
    Echo = started(Far, echo),
    Swallow = started(Far, swallow),
    Sent = counters:new(1, []),
    Binary = binary:copy(<<0>>, 64),
    spawn(fun() -> load(Swallow, Binary, Sent) end),
    ask_in_turn(Echo, 100),
    Before = counters:get(Sent, 1),
    From = erlang:monotonic_time(),
    Figure = ask_in_turn(Echo, Rounds),
    Load = 1000 / since(From, counters:get(Sent, 1) - Before),
    io_lib:format("~.2f ~.3f", [Figure, Load]).

load(To, Binary, Sent) ->
    To ! {parcel, Binary},
    counters:add(Sent, 1, 1),
    load(To, Binary, Sent).
