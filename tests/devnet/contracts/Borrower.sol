// SPDX-License-Identifier: MIT
pragma solidity 0.8.28;

interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function approve(address spender, uint256 amount) external returns (bool);
}

interface IVault {
    function unlock(bytes calldata data) external returns (bytes memory);
    function take(address currency, address to, uint256 amount) external;
    function sync(address currency) external;
    function settle() external payable returns (uint256);
}

/// @title Borrows from every lender of the local chain, notes what it held, and pays back what is owed
contract Borrower {
    /// @notice Balance of the borrowed token inside the last loan, before paying back.
    uint256 public held;
    /// @notice Fee that the lender named, or that was computed by its rule.
    uint256 public fee;

    function borrowV2(address pair, address token, bool isToken0, uint256 amount) external {
        bytes memory call = abi.encodeWithSignature(
            "swap(uint256,uint256,address,bytes)",
            isToken0 ? amount : 0,
            isToken0 ? 0 : amount,
            address(this),
            abi.encode(token, amount)
        );
        _must(pair, call);
    }

    function uniswapV2Call(address, uint256, uint256, bytes calldata data) external {
        (address token, uint256 amount) = abi.decode(data, (address, uint256));
        held = IToken(token).balanceOf(address(this));
        fee = (amount * 3) / 997 + 1;
        _transfer(token, msg.sender, amount + fee);
    }

    function borrowV3(address pool, address token, bool isToken0, uint256 amount) external {
        bytes memory call = abi.encodeWithSignature(
            "flash(address,uint256,uint256,bytes)",
            address(this),
            isToken0 ? amount : 0,
            isToken0 ? 0 : amount,
            abi.encode(token, amount)
        );
        _must(pool, call);
    }

    function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        _repayV3(fee0 + fee1, data);
    }

    function pancakeV3FlashCallback(uint256 fee0, uint256 fee1, bytes calldata data) external {
        _repayV3(fee0 + fee1, data);
    }

    function borrowV4(IVault manager, address token, uint256 amount) external {
        manager.unlock(abi.encode(token, amount));
    }

    function unlockCallback(bytes calldata data) external returns (bytes memory) {
        (address token, uint256 amount) = abi.decode(data, (address, uint256));
        IVault manager = IVault(msg.sender);
        manager.take(token, address(this), amount);
        held = IToken(token).balanceOf(address(this));
        fee = 0;
        manager.sync(token);
        _transfer(token, msg.sender, amount);
        manager.settle();
        return "";
    }

    function borrowBalancer(address vault, address token, uint256 amount) external {
        address[] memory tokens = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        (tokens[0], amounts[0]) = (token, amount);
        _must(
            vault,
            abi.encodeWithSignature("flashLoan(address,address[],uint256[],bytes)", address(this), tokens, amounts, "")
        );
    }

    function receiveFlashLoan(
        address[] calldata tokens,
        uint256[] calldata amounts,
        uint256[] calldata fees,
        bytes calldata
    ) external {
        held = IToken(tokens[0]).balanceOf(address(this));
        fee = fees[0];
        _transfer(tokens[0], msg.sender, amounts[0] + fees[0]);
    }

    function borrowBalancerV3(address vault, address token, uint256 amount) external {
        bytes memory inner = abi.encodeCall(this.whileBalancerV3IsUnlocked, (token, amount));
        _must(vault, abi.encodeWithSignature("unlock(bytes)", inner));
    }

    function whileBalancerV3IsUnlocked(address token, uint256 amount) external {
        _must(
            msg.sender, abi.encodeWithSignature("sendTo(address,address,uint256)", token, address(this), amount)
        );
        held = IToken(token).balanceOf(address(this));
        fee = 0;
        _transfer(token, msg.sender, amount);
        _must(msg.sender, abi.encodeWithSignature("settle(address,uint256)", token, amount));
    }

    function borrowAave(address pool, address token, uint256 amount) external {
        bytes memory call = abi.encodeWithSignature(
            "flashLoanSimple(address,address,uint256,bytes,uint16)", address(this), token, amount, "", 0
        );
        _must(pool, call);
    }

    function executeOperation(address token, uint256 amount, uint256 premium, address, bytes calldata)
        external
        returns (bool)
    {
        held = IToken(token).balanceOf(address(this));
        fee = premium;
        IToken(token).approve(msg.sender, amount + premium);
        return true;
    }

    function borrowMorpho(address morpho, address token, uint256 amount) external {
        _must(morpho, abi.encodeWithSignature("flashLoan(address,uint256,bytes)", token, amount, abi.encode(token)));
    }

    function onMorphoFlashLoan(uint256 amount, bytes calldata data) external {
        address token = abi.decode(data, (address));
        held = IToken(token).balanceOf(address(this));
        fee = 0;
        IToken(token).approve(msg.sender, amount);
    }

    function borrowERC3156(address lender, address token, uint256 amount) external {
        _must(
            lender,
            abi.encodeWithSignature("flashLoan(address,address,uint256,bytes)", address(this), token, amount, "")
        );
    }

    function onFlashLoan(address, address token, uint256 amount, uint256 owed, bytes calldata)
        external
        returns (bytes32)
    {
        held = IToken(token).balanceOf(address(this));
        fee = owed;
        IToken(token).approve(msg.sender, amount + owed);
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    function _repayV3(uint256 owed, bytes calldata data) private {
        (address token, uint256 amount) = abi.decode(data, (address, uint256));
        held = IToken(token).balanceOf(address(this));
        fee = owed;
        _transfer(token, msg.sender, amount + owed);
    }

    function _transfer(address token, address to, uint256 amount) private {
        _must(token, abi.encodeWithSignature("transfer(address,uint256)", to, amount));
    }

    function _must(address target, bytes memory data) private {
        (bool success, bytes memory reason) = target.call(data);
        if (!success) {
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}
